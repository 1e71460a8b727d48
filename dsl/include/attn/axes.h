// axes.h - what the dimensions of a value count.
//
//   attn::Axes scores{{Kind::batch}, {Kind::head, 0, -1, 8}, {Kind::query}, {Kind::key}};
//   scores.extent(Kind::head)                  // 8; 0 is an extent known when the layer is called
//   scores.without(Kind::head)                 // [batch, query, key]
//
// A value knows its axes by what they count, so no operation needs positions of dimensions, and two
// query axes are as good as one.
#pragma once
#include <initializer_list>

#include "attn/formula.h"

namespace attn {

struct Axis {
  static constexpr int max_extent = 1 << 24, max_number = 15;
  Kind kind{};
  std::uint8_t number = 0;  // the second query axis has number 1
  std::int16_t of = -1;     // a feature axis without extent: the input whose feature size this is
  std::int32_t extent = 0;  // 0: known when the layer is called (or when its weights are loaded)
  constexpr bool same_as(const Axis& o) const { return kind == o.kind && number == o.number; }
  constexpr bool operator==(const Axis&) const = default;
};

struct Axes {
  static constexpr int capacity = 10;
  std::array<Axis, capacity> axis{};
  std::int8_t size = 0;
  bool too_many = false;

  constexpr Axes() = default;
  constexpr Axes(std::initializer_list<Axis> list) {
    for (const Axis& a : list) add(a);
  }
  constexpr bool add(const Axis& a) {
    if (size == capacity) return !(too_many = true);
    axis[static_cast<std::size_t>(size++)] = a;
    return true;
  }
  constexpr Axes& operator+=(const Axes& o) {
    for (const Axis& a : o) add(a);
    return *this;
  }
  constexpr const Axis* begin() const { return axis.data(); }
  constexpr const Axis* end() const { return axis.data() + size; }
  constexpr const Axis* find(Kind k, int number = 0) const {
    for (const Axis& a : *this)
      if (a.kind == k && a.number == number) return &a;
    return nullptr;
  }
  constexpr const Axis* find(AxisName name) const { return find(name.kind, name.number); }
  constexpr bool has(Kind k) const { return find(k) != nullptr; }
  constexpr int extent(Kind k) const {
    const Axis* a = find(k);
    return a ? a->extent : 0;
  }
  /// As many heads as a call brings.
  constexpr bool free_heads() const {
    const Axis* heads = find(Kind::head);
    return heads && heads->extent == 0;
  }
  constexpr Axes only(auto... kinds) const {
    Axes out;
    for (const Axis& a : *this)
      if (((a.kind == kinds) || ...)) out.add(a);
    return out;
  }
  constexpr Axes without(auto... kinds) const {
    Axes out;
    for (const Axis& a : *this)
      if (((a.kind != kinds) && ...)) out.add(a);
    return out;
  }
  constexpr Axes resized(Kind k, int extent) const {
    Axes out = *this;
    for (Axis& a : out.axis)
      if (a.kind == k) a.extent = extent;
    return out;
  }
  constexpr bool contains(const Axes& o) const {
    for (const Axis& a : o)
      if (!find(a.kind, a.number)) return false;
    return true;
  }
  constexpr bool same_as(const Axes& o) const {
    return size == o.size && contains(o);
  }  // in any order
  constexpr bool operator==(const Axes&) const = default;
};

/// The product of the known extents, or a number beyond any limit.
constexpr std::int64_t elements(const Axes& axes) {
  std::int64_t product = 1;
  for (const Axis& a : axes) {
    if (a.extent > 1 && product > (std::int64_t{1} << 31)) return std::int64_t{1} << 62;
    if (a.extent > 1) product *= a.extent;
  }
  return product;
}

/// A few numbers: `.output_shape = 16`, `.output_shape = {4, 4}`, `.attention_axes = {2, 3}`.
struct Numbers {
  std::array<int, 4> value{};
  int size = 0;
  constexpr Numbers() = default;
  constexpr Numbers(int one) : value{one}, size(1) {}
  constexpr Numbers(std::initializer_list<int> list) {
    for (int v : list) add(v);
  }
  constexpr void add(int v) {
    if (size < 4) value[static_cast<std::size_t>(size)] = v;
    ++size;
  }
  constexpr const int* begin() const { return value.data(); }
  constexpr const int* end() const { return value.data() + (size < 4 ? size : 4); }
  constexpr bool empty() const { return size == 0; }
};

}  // namespace attn
