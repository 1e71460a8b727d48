#include "masks.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace attn {
namespace {

/// Elements that one task converts, about: some ten microseconds.
constexpr int64_t task_elements = 1 << 16;

struct Job {
  const MaskView* view;
  uint8_t* to;
  int64_t row;   // length of the last axis
  int64_t rows;  // of everything before it
  int64_t task_rows;
};

/// Floating-point numbers are zero when all bits but the sign are: -0.0 is, NaN and denormals are
/// not.
template <class Bits>
void convert_row(const std::byte* from, int64_t stride, int64_t count, Bits relevant, uint8_t* to) {
  for (int64_t i = 0; i < count; ++i) {
    Bits bits;  // a mask may lie at any address
    std::memcpy(&bits, from + i * stride * int64_t{sizeof bits}, sizeof bits);
    to[i] = (bits & relevant) != 0 ? 1 : 0;
  }
}

void convert_row(const MaskView& view, const std::byte* from, int64_t count, uint8_t* to) {
  const int64_t stride = view.rank > 0 ? view.stride[static_cast<size_t>(view.rank - 1)] : 0;
  switch (view.dtype) {
    case DType::boolean:
    case DType::int8:
    case DType::uint8:
      return convert_row<uint8_t>(from, stride, count, 0xff, to);
    case DType::int16:
      return convert_row<uint16_t>(from, stride, count, 0xffff, to);
    case DType::float16:
    case DType::bfloat16:
      return convert_row<uint16_t>(from, stride, count, 0x7fff, to);
    case DType::int32:
      return convert_row<uint32_t>(from, stride, count, 0xffffffff, to);
    case DType::float32:
      return convert_row<uint32_t>(from, stride, count, 0x7fffffff, to);
    case DType::int64:
      return convert_row<uint64_t>(from, stride, count, ~uint64_t{0}, to);
    case DType::float64:
      return convert_row<uint64_t>(from, stride, count, ~uint64_t{0} >> 1, to);
  }
}

void convert_rows(void* context, int index, int) {
  const Job& job = *static_cast<const Job*>(context);
  const MaskView& view = *job.view;
  const int64_t begin = index * job.task_rows;
  const int64_t end = std::min(begin + job.task_rows, job.rows);
  for (int64_t r = begin; r < end; ++r) {
    int64_t offset = 0, rest = r;
    for (int axis = view.rank - 2; axis >= 0; --axis) {
      const size_t at = static_cast<size_t>(axis);
      offset += rest % view.extent[at] * view.stride[at];
      rest /= view.extent[at];
    }
    convert_row(view, view.data + offset * static_cast<int64_t>(size_of(view.dtype)), job.row,
                job.to + r * job.row);
  }
}

}  // namespace

bool is_kernel_mask(const MaskView& view) {
  if (size_of(view.dtype) != 1) return false;
  int64_t reach = 0;
  for (int axis = 0; axis < view.rank; ++axis) {
    // check_memory bounds these: no overflow.
    reach += (view.extent[static_cast<size_t>(axis)] - 1) *
             std::abs(view.stride[static_cast<size_t>(axis)]);
  }
  const int64_t last = view.rank > 0 ? view.stride[static_cast<size_t>(view.rank - 1)] : 0;
  return (last == 0 || last == 1) && reach <= std::numeric_limits<int32_t>::max();
}

int64_t converted_bytes(const MaskView& view) {
  int64_t bytes = 1;
  for (int axis = 0; axis < view.rank; ++axis) {
    if (__builtin_mul_overflow(bytes, view.extent[static_cast<size_t>(axis)], &bytes)) {
      return std::numeric_limits<int64_t>::max();
    }
  }
  return bytes;
}

MaskView converted(const MaskView& view, const uint8_t* to) {
  MaskView result = view;
  result.data = reinterpret_cast<const std::byte*>(to);
  result.dtype = DType::uint8;
  int64_t stride = 1;
  for (int axis = view.rank - 1; axis >= 0; --axis) {
    const size_t at = static_cast<size_t>(axis);
    result.stride[at] = view.extent[at] == 1 ? 0 : stride;
    stride *= view.extent[at];
  }
  return result;
}

void convert_mask(const MaskView& view, uint8_t* to, Executor& executor) {
  Job job{.view = &view, .to = to, .row = 1, .rows = 1, .task_rows = 1};
  const int64_t elements = converted_bytes(view);
  if (view.rank > 0) job.row = view.extent[static_cast<size_t>(view.rank - 1)];
  if (elements == 0) return;
  job.rows = elements / job.row;
  job.task_rows = std::max<int64_t>(1, task_elements / job.row);
  // At most one task a row, and a converted mask has fewer than 2^31 of them.
  const int64_t tasks = (job.rows + job.task_rows - 1) / job.task_rows;
  executor.parallel_for(static_cast<int>(tasks), convert_rows, &job);
}

}  // namespace attn
