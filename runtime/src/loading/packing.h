// packing.h - a weight in the order in which kernels read it; the layout stands in kernel_abi.h.
#pragma once
#include <cstdint>

#include "attn/runtime/kernel_abi.h"
#include "attn/runtime/status.h"
#include "attn/runtime/tensor.h"

namespace attn {

/// The sizes of one packed weight.
struct PackedShape {
  int64_t rows = 0, columns = 0;                // of the weight
  int64_t padded_rows = 0, padded_columns = 0;  // with every block padded
  int64_t width = 0, panels = 0;                // a vector has one row; its width is its panels'
  int64_t numbers() const { return panels * width * padded_rows; }
};

/// The sizes for a weight of this shape; a sentence where blocks do not divide it or kernels could
/// not address it.
Result<PackedShape> packed_shape(const attn_packing& packing, const Shape& weight);

/// Writes shape.numbers() numbers, each rounded once. `weight` is of any floating type, strides and
/// alignment. For float and double.
template <class To>
void pack(const attn_packing& packing, const PackedShape& shape, const Tensor& weight, To* to);

}  // namespace attn
