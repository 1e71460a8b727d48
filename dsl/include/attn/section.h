// section.h - descriptions as bytes, for the generator to read from an object file.
//
//   #include "layers.h"
//   #include <attn/section.h>
//   ATTN_SECTION(model::layers)       // puts them into the section .attn of this object
//
//   constexpr auto bytes = attn::serialise<model::encoder, model::decoder>();
//
// The compiler does all the work: the object holds constants and no code. Numbers are little-endian
// and fields follow each other without padding, so that every compiler writes the same bytes:
//
//   section  "attnDSL\0", version u32, size u32 (all of it), layers u32, layers
//   layer    name, file, line i32, fingerprint u64, then the fields of its graph (fields.h)
//   name     length u16, letters
//   axes     length u8, axes
//   list     length u16, items
//
// The file is a base name: paths differ between machines.
// Not here: reading them (deserialise.h).
#pragma once
#include "attn/fields.h"
#include "attn/layer.h"

namespace attn {

namespace section {

/// Tells sets of fields apart, by their kinds and widths in their order.
class FieldsCode : public FieldVisitor<FieldsCode> {
 public:
  std::uint32_t code = 1;
  constexpr void number(auto v) { mix(sizeof(v)); }
  constexpr void name(const Name&) { mix(9); }
  constexpr void axes(const Axes&) {
    const Axis axis{};
    mix(10), visit_fields(*this, axis);
  }
  constexpr void list(const auto& list) { mix(11), visit_fields(*this, list.item[0]); }
  constexpr void added_later(const auto&... field) { (*this)(field...); }
  constexpr void line(std::int32_t) { mix(12); }

 private:
  constexpr void mix(std::uint32_t kind) { code = (code * 31 + kind) % 65521; }
};
constexpr std::uint32_t fields_code() {
  FieldsCode fields;
  const Graph graph{};
  visit_fields(fields, graph);
  return fields.code;
}

}  // namespace section

inline constexpr std::string_view section_magic{"attnDSL\0", 8};
/// Of the format, and of the fields.
inline constexpr std::uint32_t section_version = 5 << 16 | section::fields_code();

namespace section {

/// Counts bytes, and stores them where there is a place.
class Writer : public FieldVisitor<Writer> {
 public:
  constexpr explicit Writer(unsigned char* to = nullptr) : to_(to) {}
  constexpr std::size_t size() const { return size_; }

  /// Little-endian, in as many bytes as its type has.
  constexpr void number(auto v) {
    if (!to_) return static_cast<void>(size_ += sizeof(v));
    auto bits = static_cast<std::uint64_t>(v);
    for (std::size_t b = 0; b < sizeof(v); ++b, bits >>= 8) {
      to_[size_++] = static_cast<unsigned char>(bits);
    }
  }
  constexpr void text(std::string_view s) {
    number(static_cast<std::uint16_t>(s.size()));
    if (!to_) return static_cast<void>(size_ += s.size());
    for (char c : s) to_[size_++] = static_cast<unsigned char>(c);
  }
  constexpr void name(const Name& n) { text(n.view()); }
  constexpr void axes(const Axes& axes) {
    number(axes.size);
    for (const Axis& a : axes) visit_fields(*this, a);
  }
  constexpr void list(const auto& list) {
    number(list.size);
    for (const auto& item : list) visit_fields(*this, item);
  }
  constexpr void added_later(const auto&... field) { (*this)(field...); }
  constexpr void line(std::int32_t v) { number(v); }
  constexpr void layer(std::string_view name, const Description& d) {
    std::string_view file = d.file;
    if (const auto slash = file.find_last_of("/\\"); slash != file.npos) {
      file.remove_prefix(slash + 1);
    }
    text(name), text(file), line(d.line), number(fingerprint(d)), visit_fields(*this, d.graph);
  }
  constexpr void header(std::size_t size, std::size_t layers) {
    for (char c : section_magic) number(c);
    number(section_version), number(static_cast<std::uint32_t>(size));
    number(static_cast<std::uint32_t>(layers));
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
