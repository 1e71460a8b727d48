// deserialise.h - descriptions from the bytes of an object's .attn section.
//
//   const attn::Deserialised all = attn::deserialise(bytes);
//   if (!all.ok()) return all.error;
//   for (const attn::NamedGraph& layer : all.layers) compile(layer.name, layer.graph);
//
// The bytes may come from anywhere: every length is checked before it is used, every graph is
// validated (validate.h), and its fingerprint is computed again. Sections that a linker has
// concatenated, with zeros between them, are read as one.
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
class Reader : public FieldVisitor<Reader> {
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

  /// The next number of so many bytes.
  std::uint64_t take(std::size_t bytes) {
    if (!ok()) return 0;
    if (bytes_.size() - at_ < bytes) return fail("it ends early"), 0;
    std::uint64_t v = 0;
    for (std::size_t b = 0; b < bytes; ++b) v |= std::uint64_t{bytes_[at_++]} << (8 * b);
    return v;
  }
  template <class T>
  void number(T& v) {
    const std::uint64_t bits = take(sizeof(T));
    if constexpr (std::is_same_v<T, bool>) {
      if (bits > 1) return fail("a truth that is neither 0 nor 1");
    } else if constexpr (std::is_enum_v<T>) {
      if (bits >= count_of<T>) return fail("a name that there is not");
    }
    v = static_cast<T>(bits);
  }
  std::string text(std::size_t longest) {
    const auto size = take(2);
    if (size > longest) return fail("a name of " + std::to_string(size) + " letters"), "";
    if (!ok() || bytes_.size() - at_ < size) return fail("it ends in a name"), "";
    std::string s(reinterpret_cast<const char*>(bytes_.data()) + at_, size);
    at_ += size;
    for (char c : s) {
      if (c <= ' ' || c > '~') return fail("a name with other letters than ASCII's"), "";
    }
    return s;
  }
  void name(Name& n) { n = Name(std::string_view(text(31))); }
  void axes(Axes& axes) {
    const auto size = take(1);
    if (size > Axes::capacity) return fail("a value of too many axes");
    for (std::uint64_t n = 0; n < size && ok(); ++n) {
      Axis a;
      visit_fields(*this, a);
      axes.add(a);
    }
  }
  /// A list of as many items as the graph has room for.
  template <class T, int N>
  void list(List<T, N>& list) {
    const auto size = take(2);
    if (size > static_cast<std::uint64_t>(N)) return fail("a list longer than any graph's");
    for (std::uint64_t n = 0; n < size && ok(); ++n) visit_fields(*this, list[list.size++]);
  }
  void added_later(auto&... field) { (*this)(field...); }
  void line(std::int32_t& v) { number(v); }
  void graph(Graph& g) { visit_fields(*this, g); }
  NamedGraph layer() {
    NamedGraph l;
    l.name = text(1000), l.file = text(255);
    number(l.line), number(l.fingerprint);
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
      if (take(1) != static_cast<unsigned char>(c)) {
        return fail("expected descriptions made by attn/section.h");
      }
    }
    const auto version = take(4);
    if (version != section_version) {
      const auto text = [](std::uint64_t v) {
        return std::to_string(v >> 16) + "." + std::to_string(v & 0xffff);
      };
      return fail("it has version " + text(version) + ", and this program reads version " +
                  text(section_version) + ": build both from one release");
    }
    const auto size = take(4), count = take(4);
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
