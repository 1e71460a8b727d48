// numbers.h - element types as C++ types, including float16, bfloat16 and bool.
#pragma once
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

#include "attn/runtime/tensor.h"

namespace attn {

struct Float16 {
  uint16_t bits;
  operator float() const {
    const uint32_t sign = uint32_t{bits & 0x8000u} << 16, magnitude = bits & 0x7fffu;
    if (magnitude < 0x0400) {  // zero or subnormal: a multiple of 2^-24
      const float value = static_cast<float>(magnitude) * 0x1p-24f;
      return sign != 0 ? -value : value;
    }
    // Infinities and NaN keep the largest exponent; for other numbers the bias grows from 15 to
    // 127.
    const uint32_t bias = magnitude >= 0x7c00 ? (255 - 31) << 23 : (127 - 15) << 23;
    return std::bit_cast<float>(sign | ((magnitude << 13) + bias));
  }
};

struct BFloat16 {
  uint16_t bits;
  operator float() const { return std::bit_cast<float>(uint32_t{bits} << 16); }
};

struct TruthByte {
  uint8_t bits;
  operator int() const { return bits != 0 ? 1 : 0; }
};

/// Reads an element at any alignment.
template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Calls function.operator()<T>() with the C++ type T of the elements, and returns its result.
template <class Function>
auto with_type(DType dtype, Function&& function) {
  switch (dtype) {
    case DType::float64:
      return function.template operator()<double>();
    case DType::float16:
      return function.template operator()<Float16>();
    case DType::bfloat16:
      return function.template operator()<BFloat16>();
    case DType::boolean:
      return function.template operator()<TruthByte>();
    case DType::int8:
      return function.template operator()<int8_t>();
    case DType::uint8:
      return function.template operator()<uint8_t>();
    case DType::int16:
      return function.template operator()<int16_t>();
    case DType::int32:
      return function.template operator()<int32_t>();
    case DType::int64:
      return function.template operator()<int64_t>();
    case DType::float32:
      break;
  }
  return function.template operator()<float>();
}

/// "-1", "-inf", "-3.4028235e+38": as many digits as distinguish the number from its neighbours.
inline std::string number_text(DType dtype, const std::byte* element) {
  return with_type(dtype, [element]<class T>() {
    const T value = load<T>(element);
    char digits[32];
    const auto end = [&] {
      if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>) {
        return std::to_chars(digits, digits + sizeof digits, static_cast<float>(value)).ptr;
      } else if constexpr (std::is_same_v<T, TruthByte>) {
        return std::to_chars(digits, digits + sizeof digits, static_cast<int>(value)).ptr;
      } else {
        return std::to_chars(digits, digits + sizeof digits, value).ptr;
      }
    }();
    return std::string(digits, end);
  });
}

}  // namespace attn
