// tensor.h - views of the caller's arrays: what a layer reads and where it writes.
//
//   std::vector<float> x(2 * 5 * 16), y(2 * 5 * 16);
//   attn::Tensor in(x, {2, 5, 16});                        // [batch, query, feature], contiguous
//   attn::MutableTensor out(y, {2, 5, 16});
//   attn::Tensor every_second(x.data(), {2, 3, 16}, {80, 32, 1});  // strides, in elements
//   attn::Tensor half(pointer, attn::DType::float16, {2, 5, 16});
//   in.describe();                                         // "float32 [2, 5, 16]"
//
// A view owns nothing: the memory is the caller's and has to live as long as the view is used. A
// view that was made by default is absent: an optional input left out, an output not asked for.
// Nothing is checked here; a layer checks every view that it is given and answers with a Status.
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

/// The numbers are those of kernel_abi.h.
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

/// Bytes of one element; 0 for a number that is no DType.
size_t size_of(DType dtype);
/// "float32", "bool"; "unknown" for a number that is no DType.
const char* name_of(DType dtype);

/// The DType of a C++ type. Types of half size have no C++ type here: name the DType.
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

/// Up to eight numbers: lengths of axes, or strides. A longer list keeps its rank, so that whoever
/// checks it can say so, and the first eight numbers.
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
  /// The product; the largest int64_t where it does not fit.
  int64_t elements() const;
  /// Strides of a contiguous array of this shape, the last axis innermost.
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
  /// From memory whose size is known: a layer then also checks that the shape fits into it.
  template <class T>
  requires Element<std::remove_const_t<T>> Tensor(std::span<T> data, const Shape& shape)
      : Tensor(data.data(), shape) {
    capacity_ = static_cast<int64_t>(data.size());
  }
  template <Element T>
  requires(!std::is_same_v<T, bool>) Tensor(const std::vector<T>& data, const Shape& shape)
      : Tensor(std::span(data), shape) {}

  /// A flag of a call: one value without axes. `value` has to live as long as the view.
  static Tensor flag(const bool& value) { return Tensor(&value, Shape{}); }

  bool present() const { return present_; }
  const void* data() const { return data_; }
  DType dtype() const { return dtype_; }
  int rank() const { return shape_.rank(); }
  const Shape& shape() const { return shape_; }
  const Shape& strides() const { return strides_; }  // in elements
  /// Elements that the memory holds; -1 where the view was made from a bare pointer.
  int64_t capacity() const { return capacity_; }
  /// "float32 [2, 5, 16]"; with " strides [...]" where it is not contiguous; "absent".
  std::string describe() const;

 private:
  const void* data_ = nullptr;
  Shape shape_, strides_;
  int64_t capacity_ = -1;
  DType dtype_ = DType::float32;
  bool present_ = false;
};

/// The same for memory that a layer writes. Its elements must not overlap each other or an input,
/// but for an output that starts as an input, a cache: that may be the very same view.
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
