// packing.h - packs a weight into the layout in which kernels read it (kernel_abi.h describes it).
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
  int64_t width = 0, panels = 0;                // columns of a panel; number of panels
  int64_t numbers() const { return panels * width * padded_rows; }
};

/// The sizes for a weight of this shape; an error if the blocks do not divide it or if it has more
/// elements than kernels can address.
Result<PackedShape> packed_shape(const attn_packing& packing, const Shape& weight);

/// Writes shape.numbers() elements, each scaled in double and then rounded to To. `weight` may have
/// any floating type, strides and alignment. Instantiated for float and double.
template <class To>
void pack(const attn_packing& packing, const PackedShape& shape, const Tensor& weight, To* to);

}  // namespace attn
