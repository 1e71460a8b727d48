// layer.h - from a description to a graph, in the compiler or at run time; names and fingerprints.
//
//   inline constexpr auto encoder = attn::layer(attn::MultiHeadAttention{
//       .num_heads = 12,
//       .key_dim = 64,
//   });
//   using layers = attn::Layers<encoder, decoder>;
//
//   attn::Description d = attn::try_layer(filled_from_json);
//   if (d.error()) puts(d.error().text().c_str());
//
// Not here: running a layer; that is attn::Layer<model::encoder> in the runtime.
#pragma once
#include "attn/fields.h"
#include "attn/layers.h"
#include "attn/order.h"

namespace attn {

/// A layer as a value: what `attn::layer` returns.
struct Description {
  Graph graph;
  const char* file = "";
  int line = 0;
  constexpr const Error& error() const { return graph.error(); }
};

/// Something that makes a graph: a struct with `build` (and `check`), or a function from a graph to
/// its output or outputs.
template <class D>
concept Describes = requires(Graph& g, const D& d) {
  build(g, d);
}
|| std::invocable<const D&, Graph&>;

template <Describes D>
constexpr Graph graph_of(const D& d, OnError on_error, const char* file = "") {
  Graph g(on_error, file);
  if constexpr (requires { check(g, d); }) check(g, d);
  if constexpr (requires { g.dtype = d.dtype; }) g.dtype = d.dtype;
  if (g.error()) return g;
  Outputs out;
  if constexpr (requires { build(g, d); }) {
    out = build(g, d);
  } else if constexpr (std::same_as<std::invoke_result_t<const D&, Graph&>, Value>) {
    out.output = d(g);
  } else {
    out = d(g);
  }
  g.output("output", out.output);
  g.output("attention_scores", out.attention_scores, true);
  g.output("cache", out.cache);
  g.starts_as("cache", out.cache_input);
  g.require<"the layer has no output">(static_cast<bool>(out.output));
  if (!g.error()) InOrder::put(g);
  return g;
}

/// An error stops a compiler. A program gets it as `error()`, as from `try_layer`.
template <Describes D>
[[nodiscard]] constexpr Description layer(const D& d, const char* file = __builtin_FILE(),
                                          int line = __builtin_LINE()) {
  return {graph_of(d, OnError::stop, file), file, line};
}
/// The same, with the first error as a value in a compiler too: for descriptions that come from a
/// file, and for tests.
template <Describes D>
[[nodiscard]] constexpr Description try_layer(const D& d, const char* file = "", int line = 0) {
  return {graph_of(d, OnError::keep, file), file, line};
}

/// FNV-1a over fields, not bytes: padding and byte order do not matter.
class Fingerprint : public FieldVisitor<Fingerprint> {
 public:
  constexpr void number(auto v) {
    value_ = (value_ ^ static_cast<std::uint64_t>(v)) * 0x100000001b3u;
  }
  constexpr void name(const Name& n) {
    for (char c : n.view()) number(static_cast<unsigned char>(c));
    number(0);
  }
  constexpr void axes(const Axes& axes) {
    for (const Axis& a : axes) visit_fields(*this, a);
    number(axes.size);
  }
  constexpr void list(const auto& list) {
    for (const auto& item : list) visit_fields(*this, item);
    sizes_[static_cast<std::size_t>(lists_++)] = list.size;
  }
  /// Graphs that use none of them keep the fingerprint they had before there were any.
  constexpr void added_later(const auto&... field) {
    if ((!(field == std::remove_cvref_t<decltype(field)>{}) || ...)) (*this)(field...);
  }
  constexpr void line(std::int32_t) {}
  /// Behind everything else come the lengths of the lists.
  constexpr std::uint64_t finish() {
    for (int i = 0; i < lists_; ++i) number(sizes_[static_cast<std::size_t>(i)]);
    return value_;
  }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
  std::array<std::int16_t, 5> sizes_{};
  int lists_ = 0;
};
/// The same number from every compiler on every machine, and another one for another graph. Places
/// in the source are not part of it.
constexpr std::uint64_t fingerprint(const Graph& g) {
  Fingerprint fingerprint;
  visit_fields(fingerprint, g);
  return fingerprint.finish();
}
constexpr std::uint64_t fingerprint(const Description& d) { return fingerprint(d.graph); }

/// "model::encoder": the variable's own name, with no second spelling.
template <const Description& D>
constexpr std::string_view qualified_name_of() {
  std::string_view s = __PRETTY_FUNCTION__;
  s.remove_prefix(s.find("D = ") + 4);
  return s.substr(0, s.find_first_of(";]"));
}
/// "encoder"
template <const Description& D>
constexpr std::string_view name_of() {
  std::string_view s = qualified_name_of<D>();
  if (const auto colon = s.rfind("::"); colon != s.npos) s.remove_prefix(colon + 2);
  return s;
}

/// Whether the generator can make symbols of it: identifiers joined by `::`.
constexpr bool is_qualified_name(std::string_view s) {
  char before = ':';
  for (std::size_t i = 0; i < s.size(); ++i) {
    const char c = s[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (c == ':') {
      if (i == 0 || i + 2 >= s.size() || s[i + 1] != ':' || s[++i + 1] == ':') return false;
    } else if (!letter && (before == ':' || c < '0' || c > '9')) {
      return false;
    }
    before = c;
  }
  return !s.empty();
}

/// The layers that belong together in one library, in order.
template <const Description&... D>
struct Layers {
  static_assert((is_qualified_name(qualified_name_of<D>()) && ...),
                "a layer is known to the generator by its name: it must be a variable at namespace "
                "scope, in named namespaces, written in ASCII");
  static constexpr std::size_t size = sizeof...(D);
  /// `f("model::encoder", model::encoder)`, and so on.
  static constexpr void for_each(auto&& f) { (f(qualified_name_of<D>(), D), ...); }
};

}  // namespace attn
