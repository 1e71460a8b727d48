// section.h - descriptions as bytes, for the generator to read from an object file.
//
//   #include "layers.h"
//   #include <attn/section.h>
//   ATTN_SECTION(model::layers)       // puts them into the section .attn of this object
//
//   constexpr auto bytes = attn::serialise<model::encoder, model::decoder>();
//
// The compiler does all the work: the object holds constants and no code. Little-endian, fields one
// after another, no padding, the same bytes from every compiler:
//
//   section  "attnDSL\0", version u32, size u32 (all of it), layers u32, layers
//   layer    name, file, line i32, fingerprint u64, dtype u8, then five lists, each with its length u16:
//            nodes, weights, tables, outputs, steps
//   name     length u16, letters
//
// The file is a base name: paths differ between machines.
// Not here: reading them (deserialise.h).
#pragma once
#include "attn/layer.h"

namespace attn {

inline constexpr std::string_view section_magic{"attnDSL\0", 8};
inline constexpr std::uint32_t section_version = 3;

namespace section {

/// Counts bytes, and stores them where there is a place.
class Writer {
 public:
  constexpr explicit Writer(unsigned char* to = nullptr) : to_(to) {}
  constexpr std::size_t size() const { return size_; }

  constexpr void u8(std::uint64_t v) {
    if (to_) to_[size_] = static_cast<unsigned char>(v & 0xff);
    ++size_;
  }
  constexpr void u16(std::uint64_t v) { u8(v), u8(v >> 8); }
  constexpr void u32(std::uint64_t v) { u16(v), u16(v >> 16); }
  constexpr void u64(std::uint64_t v) { u32(v), u32(v >> 32); }
  constexpr void text(std::string_view s) {
    u16(s.size());
    for (char c : s) u8(static_cast<unsigned char>(c));
  }
  constexpr void axes(const Axes& axes) {
    u8(static_cast<std::uint64_t>(axes.size));
    for (const Axis& a : axes) {
      u8(static_cast<std::uint64_t>(a.kind)), u8(a.number);
      i(a.of, 2), i(a.extent, 4);
    }
  }
  /// A signed number in so many bytes.
  constexpr void i(std::int64_t v, int bytes) {
    for (int b = 0; b < bytes; ++b) u8(static_cast<std::uint64_t>(v) >> (8 * b));
  }

  constexpr void graph(const Graph& g) {
    u8(static_cast<std::uint64_t>(g.dtype));
    u16(static_cast<std::uint64_t>(g.nodes.size));
    for (const Node& n : g.nodes) {
      u8(static_cast<std::uint64_t>(n.op)), u8(static_cast<std::uint64_t>(n.type));
      u8(static_cast<std::uint64_t>(n.fully_masked));
      u8(static_cast<std::uint64_t>(n.fully_masked_with_scores));
      u8(n.optional), u8(n.sigmoid), u8(n.flag), u8(n.soft), u8(n.reading);
      for (auto o : n.operand) i(o, 1);
      for (auto w : n.weight) i(w, 1);
      for (auto k : n.number) i(k, 4);
      u32(std::bit_cast<std::uint32_t>(n.rate));
      for (FormulaRange f : {n.formula, n.mask, n.sink}) i(f.begin, 2), i(f.size, 2);
      text(n.name.view()), axes(n.axes), i(n.line, 4);
    }
    u16(static_cast<std::uint64_t>(g.weights.size));
    for (const Weight& w : g.weights) text(w.name.view()), axes(w.axes);
    u16(static_cast<std::uint64_t>(g.tables.size));
    for (const TableUse& t : g.tables) {
      text(t.name.view()), u8(static_cast<std::uint64_t>(t.type)), u8(t.optional);
      i(t.weight, 1), i(t.input, 1);
    }
    u16(static_cast<std::uint64_t>(g.outputs.size));
    for (const Output& o : g.outputs) {
      text(o.name.view()), i(o.value, 1), u8(o.optional), i(o.starts_as, 1);
    }
    u16(static_cast<std::uint64_t>(g.steps.size));
    for (const Step& s : g.steps) {
      u8(static_cast<std::uint64_t>(s.fn)), u8(static_cast<std::uint64_t>(s.type));
      for (auto o : s.operand) i(o, 1);
      u64(s.bits);
    }
  }
  constexpr void layer(std::string_view name, const Description& d) {
    std::string_view file = d.file;
    if (const auto slash = file.find_last_of("/\\"); slash != file.npos) {
      file.remove_prefix(slash + 1);
    }
    text(name), text(file), i(d.line, 4), u64(fingerprint(d)), graph(d.graph);
  }
  constexpr void header(std::size_t size, std::size_t layers) {
    for (char c : section_magic) u8(static_cast<unsigned char>(c));
    u32(section_version), u32(size), u32(layers);
  }

 private:
  unsigned char* to_;
  std::size_t size_ = 0;
};

template <const Description&... D>
constexpr std::size_t write(unsigned char* to, std::size_t size) {
  Writer w(to);
  w.header(size, sizeof...(D));
  (w.layer(qualified_name_of<D>(), D), ...);
  return w.size();
}

}  // namespace section

template <const Description&... D>
constexpr auto serialise() {
  constexpr std::size_t size = section::write<D...>(nullptr, 0);
  std::array<unsigned char, size> bytes{};
  section::write<D...>(bytes.data(), size);
  return bytes;
}
template <const Description&... D>
constexpr auto serialise(Layers<D...>) {
  return serialise<D...>();
}

}  // namespace attn

/// Once in a file. A macro, as compilers ignore sections on templates.
#define ATTN_SECTION(...)                                                          \
  namespace {                                                                      \
  [[gnu::section(".attn"), gnu::used]] constinit const auto attn_section_of_file = \
      attn::serialise(__VA_ARGS__{});                                              \
  }
