// held.h - memory that holds numbers of any type, for drawn calls.
//
//   Held x(random, attn::DType::float16, {2, 7, 16}, /*plain=*/false);
//   x.put(numbers);  layer.run({.query = x.view()}, ...);  x.get()
//
// Not here: drawing the numbers (drawn_call.h).
#pragma once
#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "attn/runtime/any_layer.h"

namespace attn_test {

using attn::DType;
using Random = std::mt19937;

inline int draw(Random& r, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(r);
}
inline int draw_of(Random& r, std::initializer_list<int> list) {
  return list.begin()[draw(r, 0, static_cast<int>(list.size()) - 1)];
}

// ---- storing and loading numbers of every type

inline void store(DType type, double v, std::byte* to) {
  switch (type) {
    case DType::float32: {
      const auto x = static_cast<float>(v);
      std::memcpy(to, &x, sizeof x);
      break;
    }
    case DType::float64:
      std::memcpy(to, &v, sizeof v);
      break;
    case DType::float16: {
      const auto x = static_cast<_Float16>(v);
      std::memcpy(to, &x, sizeof x);
      break;
    }
    case DType::bfloat16: {
      const auto x = static_cast<float>(v);
      uint32_t bits;
      std::memcpy(&bits, &x, sizeof bits);
      bits += 0x7fff + (bits >> 16 & 1);  // round to nearest, ties to even
      const auto high = static_cast<uint16_t>(bits >> 16);
      std::memcpy(to, &high, sizeof high);
      break;
    }
    case DType::boolean:
    case DType::uint8:
    case DType::int8:
      *to = static_cast<std::byte>(static_cast<int>(v) & 0xff);
      break;
    case DType::int16: {
      const auto x = static_cast<int16_t>(v);
      std::memcpy(to, &x, sizeof x);
      break;
    }
    case DType::int32: {
      const auto x = static_cast<int32_t>(v);
      std::memcpy(to, &x, sizeof x);
      break;
    }
    case DType::int64: {
      const auto x = static_cast<int64_t>(v);
      std::memcpy(to, &x, sizeof x);
      break;
    }
  }
}
inline double load(DType type, const std::byte* from) {
  auto as = [&](auto x) {
    std::memcpy(&x, from, sizeof x);
    return static_cast<double>(x);
  };
  switch (type) {
    case DType::float32:
      return as(float{});
    case DType::float64:
      return as(double{});
    case DType::float16:
      return as(_Float16{});
    case DType::bfloat16: {
      uint16_t high;
      std::memcpy(&high, from, sizeof high);
      const uint32_t bits = uint32_t{high} << 16;
      float x;
      std::memcpy(&x, &bits, sizeof x);
      return x;
    }
    case DType::int16:
      return as(int16_t{});
    case DType::int32:
      return as(int32_t{});
    case DType::int64:
      return as(int64_t{});
    case DType::int8:
      return as(int8_t{});
    default:
      return as(uint8_t{});
  }
}

/// Memory with a view of it: the axes are in any order, with gaps between rows.
struct Held {
  DType type{};
  std::vector<std::byte> memory;
  attn::Shape shape, strides;

  Held(Random& r, DType type, const std::vector<int64_t>& extents, bool plain) : type(type) {
    shape = attn::Shape(extents);
    strides = shape.contiguous_strides();
    int64_t elements = 1;
    if (plain || extents.empty()) {
      for (int64_t e : extents) elements *= e;
    } else {
      // Axes in random order, the last one usually innermost, with gaps between rows.
      std::vector<size_t> order(extents.size());
      for (size_t i = 0; i < order.size(); ++i) order[i] = i;
      if (draw(r, 0, 2) == 0) std::shuffle(order.begin(), order.end() - draw(r, 0, 1), r);
      for (size_t i = order.size(); i-- > 0;) {
        const auto axis = static_cast<int>(order[i]);
        strides[axis] = elements;
        elements = elements * extents[order[i]] + draw_of(r, {0, 0, 0, 3});
      }
    }
    memory.assign(static_cast<size_t>(std::max<int64_t>(elements, 1)) * attn::size_of(type),
                  std::byte{0xff});
  }
  std::byte* at(size_t flat) {
    int64_t offset = 0;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      offset += static_cast<int64_t>(flat) % shape[axis] * strides[axis];
      flat /= static_cast<size_t>(shape[axis]);
    }
    return memory.data() + static_cast<size_t>(offset) * attn::size_of(type);
  }
  void put(const std::vector<double>& numbers) {
    for (size_t i = 0; i < numbers.size(); ++i) store(type, numbers[i], at(i));
  }
  std::vector<double> get() {
    std::vector<double> numbers(static_cast<size_t>(shape.elements()));
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = load(type, at(i));
    return numbers;
  }
  attn::Tensor view() const { return {memory.data(), type, shape, strides}; }
  attn::MutableTensor mutable_view() { return {memory.data(), type, shape, strides}; }
};

}  // namespace attn_test
