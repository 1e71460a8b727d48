// layer.h - from a description to a graph, in the compiler or at run time; names and fingerprints.
//
//   inline constexpr auto encoder = attn::layer(attn::MultiHeadAttention{.num_heads = 12, .key_dim
//   = 64}); using layers = attn::Layers<encoder, decoder>;
//
//   attn::Description d = attn::try_layer(filled_from_json);
//   if (d.error()) puts(d.error().text().c_str());
//
// Not here: running a layer; that is attn::Layer<model::encoder> in the runtime.
#pragma once
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

/// The same number from every compiler on every machine, and another one for another graph. Places
/// in the source are not part of it. FNV-1a over fields, not bytes: padding and byte order do not
/// matter.
constexpr std::uint64_t fingerprint(const Graph& g) {
  std::uint64_t h = 0xcbf29ce484222325u;
  auto mix = [&h](auto... v) { ((h = (h ^ static_cast<std::uint64_t>(v)) * 0x100000001b3u), ...); };
  auto mix_name = [&](const Name& n) {
    for (char c : n.view()) mix(static_cast<unsigned char>(c));
    mix(0);
  };
  auto mix_axes = [&](const Axes& axes) {
    for (const Axis& a : axes) mix(a.kind, a.number, a.of, a.extent);
    mix(axes.size);
  };
  for (const Node& n : g.nodes) {
    mix(n.op, n.type, n.fully_masked, n.fully_masked_with_scores, n.optional, n.flag, n.soft,
        n.reading);
    mix(n.number[0], n.number[1], std::bit_cast<std::uint32_t>(n.rate));
    mix(n.formula.begin, n.formula.size, n.mask.begin, n.mask.size, n.weight[0], n.weight[1]);
    // Graphs without either keep the fingerprint they had before there were any.
    if (n.sigmoid || !n.sink.empty()) mix(n.sigmoid, n.sink.begin, n.sink.size);
    for (auto o : n.operand) mix(o);
    mix_name(n.name), mix_axes(n.axes);
  }
  for (const Step& s : g.steps) {
    mix(s.fn, s.type, s.bits);
    for (auto o : s.operand) mix(o);
  }
  for (const TableUse& t : g.tables) {
    mix_name(t.name), mix(t.type, t.optional, t.weight, t.input);
  }
  for (const Weight& w : g.weights) mix_name(w.name), mix_axes(w.axes);
  for (const Output& o : g.outputs) mix_name(o.name), mix(o.value, o.optional, o.starts_as);
  mix(g.dtype, g.nodes.size, g.steps.size, g.tables.size, g.weights.size, g.outputs.size);
  return h;
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
