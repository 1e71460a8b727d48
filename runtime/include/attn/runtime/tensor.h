// tensor.h - views of the caller's arrays: what a layer reads and where it writes.
//
//   std::vector<float> x(2 * 5 * 16), y(2 * 5 * 16);
//   attn::Tensor in(x, {2, 5, 16});                        // [batch, query, feature], contiguous
//   attn::MutableTensor out(y, {2, 5, 16});
//   attn::Tensor every_second(x.data(), {2, 3, 16}, {80, 32, 1});  // strides, in elements
//   attn::Tensor half(pointer, attn::DType::float16, {2, 5, 16});
//   in.describe();                                         // "float32 [2, 5, 16]"
//
// A view owns nothing: the memory is the caller's and must live as long as the view is used. A
// default-constructed view is absent: an optional input that is left out, or an output that is not
// wanted. Nothing is checked here; a layer checks every view that it is given and returns a Status.
// Not here: arithmetic, ownership, conversion between types.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "attn/runtime/kernel_abi.h"

namespace attn {

/// Element types, with the numbers of kernel_abi.h.
enum class DType : uint8_t {
  float32 = ATTN_FLOAT32,
  float64 = ATTN_FLOAT64,
  float16 = ATTN_FLOAT16,
  bfloat16 = ATTN_BFLOAT16,
  boolean = ATTN_BOOL,  // one byte; zero is false
  int8 = ATTN_INT8,
  uint8 = ATTN_UINT8,
  int16 = ATTN_INT16,
  int32 = ATTN_INT32,
  int64 = ATTN_INT64,
};

/// Bytes per element; 0 for a value that is not a DType.
size_t size_of(DType dtype);
/// "float32", "bool"; "unknown" for a value that is not a DType.
const char* name_of(DType dtype);

/// The DType of a C++ type. float16 and bfloat16 have no C++ type here: name the DType explicitly.
template <class T>
struct DTypeOf {};
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::float64;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::boolean;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr DType value = DType::int8;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::uint8;
};
template <>
struct DTypeOf<int16_t> {
  static constexpr DType value = DType::int16;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::int32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::int64;
};

template <class T>
concept Element = requires {
  DTypeOf<T>::value;
};

inline constexpr int max_rank = 8;

/// Up to eight numbers: the lengths of a tensor's axes, or its strides. A longer list keeps its
/// rank, so that a later check can report it, but only its first eight numbers.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> n) : Shape(std::span<const int64_t>(n.begin(), n.size())) {}
  Shape(std::span<const int64_t> n) : rank_(static_cast<int>(n.size())) {
    for (size_t i = 0; i < n.size() && i < size_t{max_rank}; ++i) at_[i] = n[i];
  }
  Shape(const std::vector<int64_t>& n) : Shape(std::span<const int64_t>(n)) {}

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return at_[static_cast<size_t>(axis)]; }
  int64_t& operator[](int axis) { return at_[static_cast<size_t>(axis)]; }
  const int64_t* begin() const { return at_.data(); }
  const int64_t* end() const { return at_.data() + (rank_ < max_rank ? rank_ : max_rank); }
  /// The product of the lengths, saturated at the largest int64_t.
  int64_t elements() const;
  /// The strides, in elements, of a contiguous array of this shape with the last axis innermost.
  Shape contiguous_strides() const;
  /// "[2, 5, 16]"
  std::string describe() const;
  bool operator==(const Shape&) const = default;

 private:
  std::array<int64_t, max_rank> at_{};
  int rank_ = 0;
};

/// A read-only strided view.
class Tensor {
 public:
  Tensor() = default;
  Tensor(const void* data, DType dtype, const Shape& shape)
      : Tensor(data, dtype, shape, shape.contiguous_strides()) {}
  Tensor(const void* data, DType dtype, const Shape& shape, const Shape& strides)
      : data_(data), shape_(shape), strides_(strides), dtype_(dtype), present_(true) {}
  template <Element T>
  Tensor(const T* data, const Shape& shape) : Tensor(data, DTypeOf<T>::value, shape) {}
  template <Element T>
  Tensor(const T* data, const Shape& shape, const Shape& strides)
      : Tensor(data, DTypeOf<T>::value, shape, strides) {}
  /// A view of memory whose size is known: a layer then also checks that the shape fits into it.
  template <class T>
  requires Element<std::remove_const_t<T>> Tensor(std::span<T> data, const Shape& shape)
      : Tensor(data.data(), shape) {
    capacity_ = static_cast<int64_t>(data.size());
  }
  template <Element T>
  requires(!std::is_same_v<T, bool>) Tensor(const std::vector<T>& data, const Shape& shape)
      : Tensor(std::span(data), shape) {}

  /// A flag of a call: one value of rank 0. `value` must live as long as the view.
  static Tensor flag(const bool& value) { return Tensor(&value, Shape{}); }

  bool present() const { return present_; }
  const void* data() const { return data_; }
  DType dtype() const { return dtype_; }
  int rank() const { return shape_.rank(); }
  const Shape& shape() const { return shape_; }
  const Shape& strides() const { return strides_; }  // in elements
  /// The number of elements that the memory holds; -1 if the view was made from a bare pointer.
  int64_t capacity() const { return capacity_; }
  /// "float32 [2, 5, 16]", followed by " strides [...]" if it is not contiguous, or "absent".
  std::string describe() const;

 private:
  const void* data_ = nullptr;
  Shape shape_, strides_;
  int64_t capacity_ = -1;
  DType dtype_ = DType::float32;
  bool present_ = false;
};

/// A strided view of memory that a layer writes. Its elements must not overlap each other or an
/// input, with one exception: an output that starts as an input (a cache) may be the same view as
/// that input.
class MutableTensor {
 public:
  MutableTensor() = default;
  MutableTensor(void* data, DType dtype, const Shape& shape) : view_(data, dtype, shape) {}
  MutableTensor(void* data, DType dtype, const Shape& shape, const Shape& strides)
      : view_(data, dtype, shape, strides) {}
  template <Element T>
  MutableTensor(T* data, const Shape& shape) : view_(data, shape) {}
  template <Element T>
  MutableTensor(T* data, const Shape& shape, const Shape& strides) : view_(data, shape, strides) {}
  template <Element T>
  MutableTensor(std::span<T> data, const Shape& shape) : view_(data, shape) {}
  template <Element T>
  requires(!std::is_same_v<T, bool>) MutableTensor(std::vector<T>& data, const Shape& shape)
      : view_(std::span(data), shape) {}

  operator const Tensor&() const { return view_; }  // NOLINT: a view to write is a view to read
  bool present() const { return view_.present(); }
  void* data() const { return const_cast<void*>(view_.data()); }
  DType dtype() const { return view_.dtype(); }
  int rank() const { return view_.rank(); }
  const Shape& shape() const { return view_.shape(); }
  const Shape& strides() const { return view_.strides(); }
  std::string describe() const { return view_.describe(); }

 private:
  Tensor view_;
};

}  // namespace attn
