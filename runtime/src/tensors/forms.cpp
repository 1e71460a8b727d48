#include "tensors/forms.h"

namespace attn {
namespace {

/// A tensor's axes, innermost first, as a form orders them.
struct Order {
  int count = 0;
  std::array<int, max_rank> axis, dimension;
};

Order order_of(uint8_t form, const attn_tensor_info& info) {
  Order order;
  for (int axis = info.rank - 1; axis >= 0; --axis) {
    const int dimension = dimension_of(form, info, axis);
    // It goes after axes of inner dimensions, and after axes of its own dimension with a higher
    // number.
    int place = order.count++;
    for (; place > 0; --place) {
      const size_t before = static_cast<size_t>(place - 1);
      if (order.dimension[before] < dimension ||
          (order.dimension[before] == dimension &&
           info.axes[order.axis[before]].number >= info.axes[axis].number)) {
        break;
      }
      order.axis[before + 1] = order.axis[before];
      order.dimension[before + 1] = order.dimension[before];
    }
    order.axis[static_cast<size_t>(place)] = axis;
    order.dimension[static_cast<size_t>(place)] = dimension;
  }
  return order;
}

}  // namespace

int dimension_count(uint8_t form) {
  static constexpr int counts[] = {3, 4, 4, 5, 1, 4};
  return form <= ATTN_FORM_TABLE ? counts[form] : 0;
}

int dimension_of(uint8_t form, const attn_tensor_info& info, int axis) {
  if (form == ATTN_FORM_TABLE) {
    return info.rank <= dimension_count(form) ? info.rank - 1 - axis : -1;
  }
  // By kind: batch, query, key, update, slot, head, size, feature, other.
  static constexpr int8_t dimensions[][9] = {
      {2, 1, 1, 1, -1, -1, -1, 0, -1},     // rows
      {3, 2, 2, 2, -1, 1, 0, -1, -1},      // heads
      {3, 1, 0, -1, -1, 2, -1, -1, -1},    // pairs
      {4, -1, 2, -1, 3, 1, 0, -1, -1},     // cache
      {0, -1, -1, -1, -1, -1, -1, -1, -1}  // list
  };
  const uint8_t kind = info.axes[axis].kind;
  return form <= ATTN_FORM_LIST && kind <= ATTN_AXIS_OTHER ? dimensions[form][kind] : -1;
}

Formed form_of(uint8_t form, const attn_tensor_info& info, const View& view) {
  Formed formed{};
  formed.rank = dimension_count(form);
  formed.extent.fill(1);
  formed.merges = true;
  formed.too_long = -1;
  for (int axis = 0; axis < view.rank; ++axis) {
    formed.empty |= view.length[static_cast<size_t>(axis)] == 0;
  }
  const Order order = order_of(form, info);
  for (size_t i = 0; i < static_cast<size_t>(order.count); ++i) {
    const size_t axis = static_cast<size_t>(order.axis[i]),
                 dimension = static_cast<size_t>(order.dimension[i]);
    int64_t& extent = formed.extent[dimension];
    int64_t& stride = formed.stride[dimension];
    const int64_t length = view.length[axis];
    if (length != 1 && !formed.empty) {
      if (extent == 1) {
        stride = view.stride[axis];
      } else if (view.stride[axis] != stride * extent) {
        formed.merges = false;
      }
    }
    // If one axis is empty these are no real sizes, but they are bounded all the same.
    if (length > largest_length || __builtin_mul_overflow(extent, length, &extent) ||
        extent > largest_length) {
      formed.too_long = static_cast<int>(axis);
      return formed;
    }
  }
  return formed;
}

Gathered gather(uint8_t form, const attn_tensor_info& info, const View& view, const Formed& formed,
                Once may_be) {
  const Order order = order_of(form, info);
  std::array<bool, max_dimensions> once{};
  for (size_t d = 0; d < static_cast<size_t>(formed.rank); ++d) {
    once[d] = may_be == Once::all || (may_be == Once::all_but_the_first && d > 0);
  }
  for (size_t i = 0; i < static_cast<size_t>(order.count); ++i) {
    const size_t axis = static_cast<size_t>(order.axis[i]);
    if (view.length[axis] != 1 && view.stride[axis] != 0) {
      once[static_cast<size_t>(order.dimension[i])] = false;
    }
  }
  Gathered result{};
  int64_t& next = result.elements;  // the stride of the next axis in the copy
  next = 1;
  for (size_t i = 0; i < static_cast<size_t>(order.count); ++i) {
    const size_t axis = static_cast<size_t>(order.axis[i]),
                 dimension = static_cast<size_t>(order.dimension[i]);
    const int64_t length = view.length[axis];
    if (once[dimension] || length == 1) continue;
    if (result.stride[dimension] == 0) result.stride[dimension] = next;
    result.walk.add(length, view.stride[axis], next);
    constexpr int64_t most = int64_t{1} << 44;  // more elements than a process has room for
    result.too_large = __builtin_mul_overflow(next, length, &next) || next > most;
    if (result.too_large) break;
  }
  return result;
}

}  // namespace attn
