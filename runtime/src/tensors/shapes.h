// shapes.h - checks whether tensors fit the table, and each other.
//
// `Lengths` holds the lengths of axes that are known so far: the feature sizes once weights are
// loaded, then batch and sequence lengths as a call's tensors are checked one after another. It has
// room for all axes of a table (check_table counts them) and allocates nothing.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "attn/runtime/kernel_abi.h"
#include "attn/runtime/status.h"
#include "attn/runtime/tensor.h"

namespace attn {

/// Limits of the runtime; check_table refuses tables that exceed them.
inline constexpr int max_inputs = 32, max_outputs = 16, max_arguments = 96, max_lengths = 64;

/// "input `query`": how error messages name a tensor.
struct TensorRole {
  const char* role;  // "input", "weight", "output"
  const char* name;
  std::string describe() const;
};

struct Length {
  attn_axis axis;
  int64_t extent;
  TensorRole from;  // the tensor that has this length
};

class Lengths {
 public:
  const Length* find(const attn_axis& axis) const;
  void add(const attn_axis& axis, int64_t extent, const TensorRole& from);
  /// The length of an axis: its fixed extent, else the length that was added; -1 if it is not
  /// known.
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

/// Checks type, rank and lengths of a tensor of real numbers (ATTN_VALUE_REAL), which has every
/// axis of the table. Lengths that were not known yet are added to `lengths`. A weight may be of
/// any floating type.
Status check_shape(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                   Lengths& lengths);
Status check_weight_shape(const TensorRole& role, const attn_tensor_info& info,
                          const Tensor& tensor, Lengths& lengths);

/// is_table: what formulas read at indices (ATTN_VALUE_..._TABLE). has_own_length: an axis of a
/// table whose length does not depend on anything else in the call.
inline bool is_table(const attn_tensor_info& info) { return info.value >= ATTN_VALUE_TABLE; }
inline bool has_own_length(const attn_tensor_info& info, int axis) {
  return is_table(info) && info.axes[axis].kind == ATTN_AXIS_OTHER && info.axes[axis].extent == 0;
}
/// Checks type, rank and lengths of a table.
Status check_table_shape(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                         Lengths& lengths);

/// A tensor seen with every axis of the table, in the call's lengths.
struct View {
  const std::byte* data;
  DType dtype;
  int rank;
  std::array<int64_t, max_rank> length;
  std::array<int64_t, max_rank> stride;  // in elements; 0 along axes that are broadcast
};
/// The view of a tensor that has passed check_shape or check_table_shape.
View view_of(const Tensor& tensor);
/// Checks type, rank and lengths of a tensor that broadcasts: a mask of truths or numbers, or an
/// index. A mask always has its last axes, queries and keys. The axes before them are aligned at
/// the left, because Keras inserts new axes between the two groups: [batch, query, key] has no head
/// axis. A mask that is read from the right may lack its query axes, and the axes before are
/// aligned at the right, as in NumPy. An index has all axes or none.
Status check_broadcast(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                       Lengths& lengths, View& view);
/// The view of an absent tensor: the element at `data` everywhere.
View broadcast_view(const attn_tensor_info& info, const Lengths& lengths, const void* data,
                    DType dtype);

/// Checks that the memory is not null and, if its size is known, holds all of the view.
Status check_memory(const TensorRole& role, const Tensor& tensor);
/// Checks that elements are aligned to their size.
Status check_alignment(const TensorRole& role, const Tensor& tensor);
/// Checks that no two elements share a place. Accepts nested strides, where larger strides step
/// over all that the smaller ones reach: every view that slicing and transposing can make.
Status check_no_overlap(const TensorRole& role, const Tensor& tensor);

/// Lists the axes whose length is not 1, smaller strides first; returns their number.
int by_step(const Tensor& tensor, std::array<int, max_rank>& order);

/// How two tensors with elements lie in memory relative to each other. The second has passed
/// check_no_overlap.
enum class Overlap {
  none,
  same,  // the same elements at the same places
  some,
};
Overlap overlap_of(const Tensor& a, const Tensor& b);

}  // namespace attn
