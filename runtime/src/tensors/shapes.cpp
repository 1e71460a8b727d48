#include "tensors/shapes.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <span>

#include "text.h"

namespace attn {
namespace {

bool same_axis(const attn_axis& a, const attn_axis& b) {
  return a.kind == b.kind && a.number == b.number && a.of == b.of;
}

Status wrong(const TensorRole& role, const Tensor& tensor, const std::string& what) {
  return {StatusCode::invalid_argument,
          text(role.describe(), " ", what, "; got ", tensor.describe())};
}

/// "[batch, query, feature]"
std::string axes_text(const attn_tensor_info& info) {
  std::string result = "[";
  for (int axis = 0; axis < info.rank; ++axis) {
    if (axis > 0) result += ", ";
    result += axis_name(info.axes[axis]);
    if (info.axes[axis].extent > 0) result += text(" ", info.axes[axis].extent);
    if (info.axes[axis].least > 0) result += text(" ", info.axes[axis].least, " or more");
  }
  return result + "]";
}

/// "expected 12 as in weight `query/kernel`"
std::string expected_text(const attn_axis& axis, const Lengths& lengths) {
  if (axis.extent > 0) return text("expected ", axis.extent, ", which the layer was built for");
  const Length* known = lengths.find(axis);
  return text("expected ", known->extent, " as in ", known->from.describe());
}

Status check_sign(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor) {
  for (int axis = 0; axis < tensor.rank(); ++axis) {
    if (tensor.shape()[axis] < 0) {
      return wrong(role, tensor,
                   text("has a negative length on ", info.axes != nullptr && axis < info.rank
                                                         ? axis_text(info, axis)
                                                         : text("axis ", axis)));
    }
  }
  if (tensor.strides().rank() != tensor.rank()) {
    return wrong(role, tensor,
                 text("has ", tensor.strides().rank(), " strides for ", tensor.rank(), " axes"));
  }
  return {};
}

Status check_rank(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor) {
  if (tensor.rank() == info.rank) return {};
  return wrong(role, tensor,
               text("has ", tensor.rank(), tensor.rank() == 1 ? " axis" : " axes", ", expected ",
                    int{info.rank}, ": ", axes_text(info)));
}

Status check_lengths(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                     Lengths& lengths) {
  if (Status s = check_sign(role, info, tensor); !s.ok()) return s;
  for (int i = 0; i < info.rank; ++i) {
    const attn_axis& axis = info.axes[i];
    const int64_t extent = tensor.shape()[i];
    if (has_own_length(info, i)) {
      if (extent > 0) continue;
      return wrong(role, tensor,
                   text("has length 0 on ", axis_text(info, i), ", and a table at least 1"));
    }
    const int64_t expected = lengths.of(axis);
    if (expected < 0) {
      lengths.add(axis, extent, role);
    } else if (extent != expected) {
      return wrong(role, tensor,
                   text("has length ", extent, " on ", axis_text(info, i), ", ",
                        expected_text(axis, lengths)));
    }
    if (extent < axis.least) {
      return wrong(role, tensor,
                   text("has length ", extent, " on ", axis_text(info, i), ", expected at least ",
                        axis.least));
    }
  }
  return {};
}

/// The lowest and highest offset that a view with elements reaches, in elements; false on overflow.
bool reach(const Tensor& tensor, int64_t& lowest, int64_t& highest) {
  lowest = highest = 0;
  for (int axis = 0; axis < tensor.rank(); ++axis) {
    int64_t last = 0;
    if (__builtin_mul_overflow(tensor.shape()[axis] - 1, tensor.strides()[axis], &last))
      return false;
    int64_t& end = last < 0 ? lowest : highest;
    if (__builtin_add_overflow(end, last, &end)) return false;
  }
  return true;
}

}  // namespace

std::string TensorRole::describe() const { return text(role, " ", quoted(name)); }

const Length* Lengths::find(const attn_axis& axis) const {
  for (int i = 0; i < size_; ++i) {
    if (same_axis(at_[static_cast<size_t>(i)].axis, axis)) return &at_[static_cast<size_t>(i)];
  }
  return nullptr;
}

void Lengths::add(const attn_axis& axis, int64_t extent, const TensorRole& from) {
  at_[static_cast<size_t>(size_++)] = {axis, extent, from};
}

int64_t Lengths::of(const attn_axis& axis) const {
  if (axis.extent > 0) return axis.extent;
  const Length* known = find(axis);
  return known != nullptr ? known->extent : -1;
}

const char* axis_word(const attn_axis& axis) {
  static constexpr const char* words[] = {"batch", "query", "key",     "update", "slot",
                                          "head",  "size",  "feature", "other"};
  return axis.kind < std::size(words) ? words[axis.kind] : "unknown";
}

std::string axis_name(const attn_axis& axis) {
  return axis.number == 0 ? axis_word(axis) : text(axis_word(axis), ".", int{axis.number});
}

std::string axis_text(const attn_tensor_info& info, int axis) {
  return text("axis ", axis, " (", axis_name(info.axes[axis]), ")");
}

bool is_floating(DType dtype) {
  return dtype == DType::float16 || dtype == DType::bfloat16 || dtype == DType::float32 ||
         dtype == DType::float64;
}

bool is_integer(DType dtype) {
  return dtype == DType::int8 || dtype == DType::uint8 || dtype == DType::int16 ||
         dtype == DType::int32 || dtype == DType::int64;
}

Status check_shape(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                   Lengths& lengths) {
  if (Status s = check_rank(role, info, tensor); !s.ok()) return s;
  const auto expected = static_cast<DType>(info.dtype);
  if (tensor.dtype() != expected) {
    return wrong(role, tensor,
                 text("has type ", name_of(tensor.dtype()), ", expected ", name_of(expected)));
  }
  return check_lengths(role, info, tensor, lengths);
}

Status check_weight_shape(const TensorRole& role, const attn_tensor_info& info,
                          const Tensor& tensor, Lengths& lengths) {
  if (Status s = check_rank(role, info, tensor); !s.ok()) return s;
  if (!is_floating(tensor.dtype())) {
    return wrong(role, tensor,
                 text("has type ", name_of(tensor.dtype()),
                      ", expected float32, float64, float16 or bfloat16"));
  }
  return check_lengths(role, info, tensor, lengths);
}

Status check_table_shape(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                         Lengths& lengths) {
  if (Status s = check_rank(role, info, tensor); !s.ok()) return s;
  if (size_of(tensor.dtype()) == 0) return wrong(role, tensor, "has an unknown type");
  if (info.value == ATTN_VALUE_INDEX_TABLE && !is_integer(tensor.dtype())) {
    return wrong(role, tensor,
                 text("has type ", name_of(tensor.dtype()), ", expected an integer type"));
  }
  return check_lengths(role, info, tensor, lengths);
}

View view_of(const Tensor& tensor) {
  View view{};
  view.data = static_cast<const std::byte*>(tensor.data());
  view.dtype = tensor.dtype();
  view.rank = tensor.rank();
  for (int axis = 0; axis < view.rank; ++axis) {
    view.length[static_cast<size_t>(axis)] = tensor.shape()[axis];
    view.stride[static_cast<size_t>(axis)] = tensor.strides()[axis];
  }
  return view;
}

View broadcast_view(const attn_tensor_info& info, const Lengths& lengths, const void* data,
                    DType dtype) {
  View view{};
  view.data = static_cast<const std::byte*>(data);
  view.dtype = dtype;
  view.rank = info.rank;
  for (int axis = 0; axis < info.rank; ++axis) {
    const int64_t length = lengths.of(info.axes[axis]);
    view.length[static_cast<size_t>(axis)] = length < 0 ? 1 : length;
  }
  return view;
}

Status check_broadcast(const TensorRole& role, const attn_tensor_info& info, const Tensor& tensor,
                       Lengths& lengths, View& view) {
  const bool index = info.value == ATTN_VALUE_INDEX;
  int positions = 0;  // the number of query and key axes at its end
  while (!index && positions < info.rank &&
         (info.axes[info.rank - 1 - positions].kind == ATTN_AXIS_QUERY ||
          info.axes[info.rank - 1 - positions].kind == ATTN_AXIS_KEY)) {
    ++positions;
  }
  const bool from_right = (info.reading & ATTN_READ_FROM_RIGHT) != 0;
  const int trailing = from_right ? std::min(positions, 1) : positions;
  const bool fits = index ? tensor.rank() == 0 || tensor.rank() == info.rank
                          : tensor.rank() >= trailing && tensor.rank() <= info.rank;
  if (!fits) {
    const char* between = index ? " or " : " to ";
    return wrong(
        role, tensor,
        text("has ", tensor.rank(), tensor.rank() == 1 ? " axis" : " axes", ", expected ", trailing,
             trailing == info.rank ? "" : text(between, int{info.rank}), " of ", axes_text(info)));
  }
  if (size_of(tensor.dtype()) == 0) return wrong(role, tensor, "has an unknown type");
  if (index && !is_integer(tensor.dtype())) {
    return wrong(role, tensor,
                 text("has type ", name_of(tensor.dtype()), ", expected an integer type"));
  }
  if (Status s = check_sign(role, info, tensor); !s.ok()) return s;
  // The tensor's axis for axis `i` of the table; -1: it lacks that one.
  const auto own = [&](int i) {
    const int from_end = info.rank - i;
    if (tensor.rank() == info.rank) return i;
    if (from_end <= trailing) return tensor.rank() - from_end;
    if (!from_right) return i < tensor.rank() - trailing ? i : -1;
    return from_end <= positions ? -1
                                 : std::max(-1, tensor.rank() - from_end + positions - trailing);
  };
  view = {};
  view.data = static_cast<const std::byte*>(tensor.data());
  view.dtype = tensor.dtype();
  view.rank = info.rank;
  for (int i = 0; i < info.rank; ++i) {
    const size_t at = static_cast<size_t>(i);
    const attn_axis& axis = info.axes[i];
    int64_t expected = lengths.of(axis);
    view.length[at] = expected < 0 ? 1 : expected;
    const int from = own(i);
    if (from < 0) continue;
    const int64_t extent = tensor.shape()[from];
    if (expected < 0) {
      lengths.add(axis, extent, role);
      expected = view.length[at] = extent;
    }
    if (extent != expected && extent != 1) {
      return wrong(role, tensor,
                   text("has length ", extent, " on axis ", from, " (", axis_name(axis), "), ",
                        expected_text(axis, lengths), ", or 1"));
    }
    if (extent != 1) view.stride[at] = tensor.strides()[from];
  }
  return {};
}

Status check_memory(const TensorRole& role, const Tensor& tensor) {
  if (tensor.shape().elements() == 0) return {};
  if (tensor.data() == nullptr) return wrong(role, tensor, "has no memory: its pointer is null");
  int64_t lowest = 0, highest = 0;
  const int64_t most = std::numeric_limits<int64_t>::max() / 16;
  if (!reach(tensor, lowest, highest) || lowest < -most || highest > most) {
    return wrong(role, tensor, "does not fit into any memory");
  }
  if (tensor.capacity() >= 0 && (lowest < 0 || highest >= tensor.capacity())) {
    return wrong(role, tensor,
                 text("reaches element ", lowest < 0 ? lowest : highest, " of memory that holds ",
                      tensor.capacity()));
  }
  return {};
}

Status check_alignment(const TensorRole& role, const Tensor& tensor) {
  if (tensor.shape().elements() == 0) return {};
  const size_t size = size_of(tensor.dtype());
  if (reinterpret_cast<uintptr_t>(tensor.data()) % size != 0) {
    return wrong(role, tensor, text("lies at an address that is no multiple of ", size, " bytes"));
  }
  return {};
}

int by_step(const Tensor& tensor, std::array<int, max_rank>& order) {
  auto step = [&](int axis) { return std::abs(tensor.strides()[axis]); };
  int count = 0;
  for (int axis = 0; axis < tensor.rank(); ++axis) {
    if (tensor.shape()[axis] == 1) continue;
    int place = count++;
    for (; place > 0 && step(order[static_cast<size_t>(place - 1)]) > step(axis); --place) {
      order[static_cast<size_t>(place)] = order[static_cast<size_t>(place - 1)];
    }
    order[static_cast<size_t>(place)] = axis;
  }
  return count;
}

Status check_no_overlap(const TensorRole& role, const Tensor& tensor) {
  if (tensor.shape().elements() == 0) return {};
  std::array<int, max_rank> order{};
  const int count = by_step(tensor, order);
  int64_t reached = 0;
  for (int i = 0; i < count; ++i) {
    const int axis = order[static_cast<size_t>(i)];
    const int64_t step = std::abs(tensor.strides()[axis]);
    if (step <= reached) {
      return wrong(role, tensor,
                   text("has elements that overlap: stride ", tensor.strides()[axis], " on axis ",
                        axis, " is too small"));
    }
    reached += (tensor.shape()[axis] - 1) * step;
  }
  return {};
}

namespace {

/// Whether two views of equal shape and equal nested strides, the second `distance` elements after
/// the first, have an element in common. `order` lists their axes, larger strides last.
bool meet(const Tensor& view, std::span<const int> order, int64_t distance) {
  if (order.empty()) return distance == 0;
  const int64_t step = std::abs(view.strides()[order.back()]),
                most = view.shape()[order.back()] - 1;
  // The smaller strides together reach less than one step.
  const int64_t below = distance / step - (distance % step < 0 ? 1 : 0);
  for (int64_t steps : {below, below + 1}) {
    if (steps < -most || steps > most) continue;
    if (meet(view, order.first(order.size() - 1), distance - steps * step)) return true;
  }
  return false;
}

}  // namespace

Overlap overlap_of(const Tensor& a, const Tensor& b) {
  // The caller has checked both with check_memory, so nothing overflows.
  int64_t a_low = 0, a_high = 0, b_low = 0, b_high = 0;
  if (!reach(a, a_low, a_high) || !reach(b, b_low, b_high)) return Overlap::some;
  const auto a_size = static_cast<int64_t>(size_of(a.dtype())),
             b_size = static_cast<int64_t>(size_of(b.dtype()));
  const int64_t from_a_to_b = static_cast<int64_t>(reinterpret_cast<uintptr_t>(b.data()) -
                                                   reinterpret_cast<uintptr_t>(a.data()));
  bool alike = a.shape() == b.shape() && a_size == b_size;
  for (int axis = 0; alike && axis < a.rank(); ++axis) {
    alike = a.shape()[axis] == 1 || a.strides()[axis] == b.strides()[axis];
  }
  if (alike && from_a_to_b == 0) return Overlap::same;
  const bool apart = from_a_to_b + b_low * b_size >= (a_high + 1) * a_size ||
                     from_a_to_b + (b_high + 1) * b_size <= a_low * a_size;
  if (apart) return Overlap::none;
  if (!alike || from_a_to_b % a_size != 0) return Overlap::some;
  // They may still interleave, each between the other's rows.
  std::array<int, max_rank> order{};
  const int count = by_step(a, order);
  return meet(a, std::span<const int>(order.data(), static_cast<size_t>(count)),
              from_a_to_b / a_size)
             ? Overlap::some
             : Overlap::none;
}

}  // namespace attn
