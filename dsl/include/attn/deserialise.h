// deserialise.h - descriptions from the bytes of an object's .attn section.
//
//   const attn::Deserialised all = attn::deserialise(bytes);
//   if (!all.ok()) return all.error;
//   for (const attn::NamedGraph& layer : all.layers) compile(layer.name, layer.graph);
//
// The bytes may come from anywhere: every length is checked before it is used, every graph is
// validated (validate.h), and the fingerprint is counted again. Sections that a linker has put one
// after another, with zeros between, are read as one.
// Not here: finding the section in an object file.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "attn/section.h"
#include "attn/validate.h"

namespace attn {

struct NamedGraph {
  std::string name;  // "model::encoder"
  std::string file;  // "layers.h"
  int line = 0;
  std::uint64_t fingerprint = 0;
  Graph graph;
};
struct Deserialised {
  std::vector<NamedGraph> layers;
  std::string error;  // a sentence, where there are no layers for a reason
  bool ok() const { return error.empty(); }
};

namespace section {

/// Reads fields as long as nothing is wrong; then only zeros come.
class Reader {
 public:
  explicit Reader(std::span<const unsigned char> bytes) : bytes_(bytes) {}
  const std::string& error() const { return error_; }
  bool ok() const { return error_.empty(); }
  std::size_t at() const { return at_; }

  void fail(std::string_view sentence) {
    if (!ok()) return;
    error_ = "the .attn section is damaged at byte " + std::to_string(at_) + ": ";
    error_ += sentence;
  }
  /// Padding that a linker puts between sections.
  bool only_zeros_left() {
    while (at_ < bytes_.size() && bytes_[at_] == 0) ++at_;
    return at_ == bytes_.size();
  }

  std::uint64_t number(int bytes) {
    if (!ok()) return 0;
    if (bytes_.size() - at_ < static_cast<std::size_t>(bytes)) return fail("it ends early"), 0;
    std::uint64_t v = 0;
    for (int b = 0; b < bytes; ++b) v |= std::uint64_t{bytes_[at_++]} << (8 * b);
    return v;
  }
  template <class T>
  T is() {
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(number(sizeof(T))));
  }
  template <class E>
  E one_of(int count) {
    const auto v = number(1);
    if (v >= static_cast<std::uint64_t>(count)) return fail("a name that there is not"), E{};
    return static_cast<E>(v);
  }
  bool truth() { return one_of<std::uint8_t>(2) == 1; }
  std::string text(std::size_t longest) {
    const auto size = number(2);
    if (size > longest) return fail("a name of " + std::to_string(size) + " letters"), "";
    if (!ok() || bytes_.size() - at_ < size) return fail("it ends in a name"), "";
    std::string s(reinterpret_cast<const char*>(bytes_.data()) + at_, size);
    at_ += size;
    for (char c : s) {
      if (c <= ' ' || c > '~') return fail("a name with other letters than ASCII's"), "";
    }
    return s;
  }
  Name name() { return Name(std::string_view(text(31))); }
  Axes axes() {
    Axes axes;
    const auto size = number(1);
    if (size > Axes::capacity) return fail("a value of too many axes"), axes;
    for (std::uint64_t n = 0; n < size && ok(); ++n) {
      Axis a{one_of<Kind>(num_kinds)};
      a.number = is<std::uint8_t>(), a.of = is<std::int16_t>(), a.extent = is<std::int32_t>();
      axes.add(a);
    }
    return axes;
  }
  /// A list of as many items as the graph has room for.
  template <class T, int N>
  void list(List<T, N>& list, auto&& read) {
    const auto size = number(2);
    if (size > static_cast<std::uint64_t>(N)) return fail("a list longer than any graph's");
    for (std::uint64_t n = 0; n < size && ok(); ++n) read(list[list.size++]);
  }
  void graph(Graph& g) {
    g.dtype = one_of<DTypePolicy>(num_policies);
    list(g.nodes, [this](Node& n) {
      n.op = one_of<Op>(num_ops), n.type = one_of<Type>(3);
      n.fully_masked = one_of<FullyMasked>(3), n.fully_masked_with_scores = one_of<FullyMasked>(3);
      n.optional = truth(), n.sigmoid = truth(), n.flag = truth(), n.soft = truth();
      n.reading = one_of<std::uint8_t>(num_readings);
      for (auto& o : n.operand) o = is<std::int8_t>();
      for (auto& w : n.weight) w = is<std::int8_t>();
      for (auto& k : n.number) k = is<std::int32_t>();
      n.rate = std::bit_cast<float>(is<std::uint32_t>());
      for (FormulaRange* f : {&n.formula, &n.mask, &n.sink}) {
        f->begin = is<std::int16_t>(), f->size = is<std::int16_t>();
      }
      n.name = name(), n.axes = axes(), n.line = is<std::int32_t>();
    });
    list(g.weights, [this](Weight& w) { w.name = name(), w.axes = axes(); });
    list(g.tables, [this](TableUse& t) {
      t.name = name(), t.type = one_of<Type>(3), t.optional = truth();
      t.weight = is<std::int8_t>(), t.input = is<std::int8_t>();
    });
    list(g.outputs, [this](Output& o) {
      o.name = name(), o.value = is<std::int8_t>(), o.optional = truth();
      o.starts_as = is<std::int8_t>();
    });
    list(g.steps, [this](Step& s) {
      s.fn = one_of<Fn>(num_fns), s.type = one_of<Type>(3);
      for (auto& o : s.operand) o = is<std::int8_t>();
      s.bits = is<std::uint64_t>();
    });
  }
  NamedGraph layer() {
    NamedGraph l;
    l.name = text(1000), l.file = text(255);
    l.line = is<std::int32_t>(), l.fingerprint = is<std::uint64_t>();
    graph(l.graph);
    if (!ok()) return l;
    if (!is_qualified_name(l.name)) fail("`" + l.name + "` is not the name of a variable");
    if (l.file.find_first_of("/\\") != l.file.npos) fail("`" + l.file + "` is not a base name");
    if (l.line < 0) fail("a line before the first");
    if (const Error e = validate(l.graph)) fail("in `" + l.name + "`, " + e.text());
    if (ok() && fingerprint(l.graph) != l.fingerprint) {
      fail("the fingerprint of `" + l.name + "` is not that of its graph");
    }
    return l;
  }
  /// One section as the compiler wrote it.
  void part(std::vector<NamedGraph>& layers) {
    const std::size_t begin = at_;
    for (char c : section_magic) {
      if (number(1) != static_cast<unsigned char>(c)) {
        return fail("expected descriptions made by attn/section.h");
      }
    }
    const auto version = number(4);
    if (version != section_version) {
      return fail("it has version " + std::to_string(version) +
                  ", and this program reads version " + std::to_string(section_version) +
                  ": build both from one release");
    }
    const auto size = number(4), count = number(4);
    for (std::uint64_t n = 0; n < count && ok(); ++n) {
      NamedGraph l = layer();
      if (ok()) add(layers, std::move(l));
    }
    if (ok() && at_ - begin != size) fail("its size is not what it says");
  }

 private:
  std::span<const unsigned char> bytes_;
  std::size_t at_ = 0;
  std::string error_;

  /// The same layer from two files of one library is one layer.
  void add(std::vector<NamedGraph>& layers, NamedGraph l) {
    for (const NamedGraph& o : layers) {
      if (o.name != l.name) continue;
      if (o.fingerprint != l.fingerprint) fail("two layers have the name `" + l.name + "`");
      return;
    }
    layers.push_back(std::move(l));
  }
};

}  // namespace section

inline Deserialised deserialise(std::span<const unsigned char> bytes) {
  Deserialised out;
  section::Reader reader(bytes);
  while (reader.ok() && !reader.only_zeros_left()) reader.part(out.layers);
  out.error = reader.error();
  if (out.ok() && out.layers.empty()) {
    out.error = "the .attn section is empty: list layers in ATTN_SECTION(model::layers)";
  }
  if (!out.ok()) out.layers.clear();
  return out;
}

}  // namespace attn
