// shapes.h - do these tensors fit the table, and each other?
//
// `Lengths` is what is known of the axes so far: the feature sizes once weights are loaded, then
// batch and sequence lengths as a call's tensors are looked at one after another. It has room for a
// table's axes (check_table counts them) and allocates nothing.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "attn/runtime/kernel_abi.h"
#include "attn/runtime/status.h"
#include "attn/runtime/tensor.h"

namespace attn {

/// Limits of what the runtime serves; check_table refuses more.
inline constexpr int max_inputs = 32, max_outputs = 16, max_arguments = 96, max_lengths = 64;

/// "input `query`": what a sentence calls a tensor.
struct TensorRole {
  const char* role;  // "input", "weight", "output"
  const char* name;
  std::string describe() const;
};

struct Length {
  attn_axis axis;
  int64_t extent;
  TensorRole from;  // the tensor that said so
};

class Lengths {
 public:
  const Length* find(const attn_axis& axis) const;
  void add(const attn_axis& axis, int64_t extent, const TensorRole& from);
  /// The length of an axis: its own, or what was added; -1 where nothing is known.
  int64_t of(const attn_axis& axis) const;
  int size() const { return size_; }

 private:
  std::array<Length, max_lengths> at_;
  int size_ = 0;
};

/// "feature"
const char* axis_word(const attn_axis& axis);
/// "axis 2 (feature)"
std::string axis_text(const attn_tensor_info& info, int axis);
/// The type that the elements must have.
DType expected_dtype(const attn_tensor_info& info);

/// Type, rank and lengths of anything but a mask; what it is the first to tell goes into `lengths`.
Status check_shape(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                   Lengths& lengths);

/// A mask as one of the table's rank: which axes it does not have, or has once, are broadcast.
struct MaskView {
  const std::byte* data;
  DType dtype;
  int rank;
  std::array<int64_t, max_rank> extent;  // 1 where broadcast
  std::array<int64_t, max_rank> stride;  // 0 where broadcast
};
Status check_mask(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                  Lengths& lengths, MaskView& view);

/// That the memory is there: not null, as large as the view says where that is known.
Status check_memory(const TensorRole& role, const Tensor& tensor);
/// What kernels ask of a tensor beyond that: elements on multiples of their size, the last axis
/// contiguous, strides and the number of rows in 31 bits. Offsets may have more.
Status check_layout(const TensorRole& role, const Tensor& tensor);
/// That no two elements lie in one place. Takes nested strides, the larger ones stepping over all
/// that the smaller ones reach: every view that slicing and transposing can make.
Status check_no_overlap(const TensorRole& role, const Tensor& tensor);

}  // namespace attn
