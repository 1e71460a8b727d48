// forms.h - tensors as kernels see them: in the few dimensions of a form (ATTN_FORM_...), each of
// which merges all axes of its kinds.
#pragma once
#include <array>
#include <cstdint>
#include <limits>

#include "attn/runtime/kernel_abi.h"
#include "tensors/copying.h"
#include "tensors/shapes.h"

namespace attn {

inline constexpr int max_dimensions = 5;
/// The longest dimension, and the largest stride, that kernels take.
inline constexpr int64_t largest_length = std::numeric_limits<int32_t>::max();

/// The number of dimensions of a form; 0: there is no such form.
int dimension_count(uint8_t form);
/// The dimension that an axis of a tensor belongs to; -1: none.
int dimension_of(uint8_t form, const attn_tensor_info& info, int axis);

/// A view in a form, innermost dimension first.
struct Formed {
  int rank;
  std::array<int64_t, max_dimensions> extent;
  std::array<int64_t, max_dimensions> stride;  // valid if `merges`; 0: broadcast, 1 long or empty
  bool merges;                                 // the axes of each dimension have one common stride
  bool empty;                                  // has no elements
  int too_long;  // the axis that makes a dimension longer than 2^31 - 1; -1: none
};
Formed form_of(uint8_t form, const attn_tensor_info& info, const View& view);

/// Which dimensions of a copy may stay broadcast where the view is: stored once, with stride 0.
enum class Once { none, all_but_the_first, all };

/// How to copy a view into a contiguous copy in the form.
struct Gathered {
  Walk walk;
  std::array<int64_t, max_dimensions> stride;  // of the copy
  int64_t elements;                            // of the copy
  bool too_large;                              // for any memory; the rest is then incomplete
};
Gathered gather(uint8_t form, const attn_tensor_info& info, const View& view, const Formed& formed,
                Once may_be);

}  // namespace attn
