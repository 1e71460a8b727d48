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
/// "query", "query.1"
std::string axis_name(const attn_axis& axis);
/// "axis 2 (feature)"
std::string axis_text(const attn_tensor_info& info, int axis);

bool is_floating(DType dtype);
bool is_integer(DType dtype);

/// Type, rank and lengths of numbers that have every axis of the table (VALUE_REAL); what a tensor
/// is the first to tell goes into `lengths`. A weight may be of any floating type.
Status check_shape(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                   Lengths& lengths);
Status check_weight_shape(const TensorRole& role, const attn_tensor_info& info,
                          const Tensor& tensor, Lengths& lengths);

/// What formulas read at indices (ATTN_VALUE_..._TABLE), and whether one of its axes has a length
/// that nothing else in the call has a say in.
inline bool is_table(const attn_tensor_info& info) { return info.value >= ATTN_VALUE_TABLE; }
inline bool has_own_length(const attn_tensor_info& info, int axis) {
  return is_table(info) && info.axes[axis].kind == ATTN_AXIS_OTHER && info.axes[axis].extent == 0;
}
/// Type, rank and lengths of a table.
Status check_table_shape(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                         Lengths& lengths);

/// A tensor with every axis of the table, as long as the call's are.
struct View {
  const std::byte* data;
  DType dtype;
  int rank;
  std::array<int64_t, max_rank> length;
  std::array<int64_t, max_rank> stride;  // in elements; 0 along axes that it lacks or has once
};
/// Of a tensor that check_shape let pass.
View view_of(const Tensor& tensor);
/// Type, rank and lengths of what broadcasts: masks of truths or numbers, and indices. The last
/// axes of a mask, queries and keys, are always there; what comes before aligns at the left, as
/// Keras puts new axes between the two: [batch, query, key] has no head axis. One that is read from
/// the right may lack its queries, and what comes before aligns at the right, as in NumPy. Indices
/// have all axes, or none.
Status check_broadcast(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                       Lengths& lengths, View& view);
/// What an absent one is: the element at `data`, everywhere.
View broadcast_view(const attn_tensor_info& info, const Lengths& lengths, const void* data,
                    DType dtype);

/// That the memory is there: not null, as large as the view says where that is known.
Status check_memory(const TensorRole& role, const Tensor& tensor);
/// That elements lie on multiples of their size.
Status check_alignment(const TensorRole& role, const Tensor& tensor);
/// That no two elements lie in one place. Takes nested strides, the larger ones stepping over all
/// that the smaller ones reach: every view that slicing and transposing can make.
Status check_no_overlap(const TensorRole& role, const Tensor& tensor);

/// The axes of more than one element, smaller strides first; how many there are.
int by_step(const Tensor& tensor, std::array<int, max_rank>& order);

/// How two tensors with elements lie to each other. The second has passed check_no_overlap.
enum class Overlap {
  none,
  same,  // the same elements at the same places
  some,
};
Overlap overlap_of(const Tensor& a, const Tensor& b);

}  // namespace attn
