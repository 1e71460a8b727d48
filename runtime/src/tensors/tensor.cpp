#include "attn/runtime/tensor.h"

#include <algorithm>
#include <limits>

namespace attn {

size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::boolean:
    case DType::int8:
    case DType::uint8:
      return 1;
    case DType::float16:
    case DType::bfloat16:
    case DType::int16:
      return 2;
    case DType::float32:
    case DType::int32:
      return 4;
    case DType::float64:
    case DType::int64:
      return 8;
  }
  return 0;
}

const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "float32";
    case DType::float64:
      return "float64";
    case DType::float16:
      return "float16";
    case DType::bfloat16:
      return "bfloat16";
    case DType::boolean:
      return "bool";
    case DType::int8:
      return "int8";
    case DType::uint8:
      return "uint8";
    case DType::int16:
      return "int16";
    case DType::int32:
      return "int32";
    case DType::int64:
      return "int64";
  }
  return "unknown";
}

namespace {

/// Saturates, so that an absurd shape stays absurd until it is checked.
int64_t product(int64_t a, int64_t b) {
  int64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? std::numeric_limits<int64_t>::max() : result;
}

}  // namespace

int64_t Shape::elements() const {
  for (int64_t extent : *this) {
    if (extent == 0) return 0;
  }
  int64_t n = 1;
  for (int64_t extent : *this) n = product(n, extent);
  return n;
}

Shape Shape::contiguous_strides() const {
  Shape strides = *this;
  int64_t stride = 1;
  for (int axis = std::min(rank_, max_rank) - 1; axis >= 0; --axis) {
    strides[axis] = stride;
    stride = product(stride, (*this)[axis]);
  }
  return strides;
}

std::string Shape::describe() const {
  std::string text = "[";
  for (const int64_t& n : *this) {
    if (&n != begin()) text += ", ";
    text += std::to_string(n);
  }
  if (rank_ > max_rank) text += ", ...";
  return text + "]";
}

std::string Tensor::describe() const {
  if (!present_) return "absent";
  std::string text = std::string(name_of(dtype_)) + " " + shape_.describe();
  const Shape dense = shape_.contiguous_strides();
  bool contiguous = shape_.rank() == strides_.rank();
  for (int axis = 0; contiguous && axis < std::min(rank(), max_rank); ++axis) {
    contiguous = shape_[axis] == 1 || strides_[axis] == dense[axis];
  }
  if (!contiguous) text += " strides " + strides_.describe();
  return text;
}

}  // namespace attn
