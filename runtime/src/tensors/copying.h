// copying.h - copies elements from one strided view to another, with or without converting them, on
// all threads of an executor.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "attn/runtime/executor.h"
#include "attn/runtime/tensor.h"

namespace attn {

/// Two strided views of the same shape, innermost axis first; strides in elements. Without axes:
/// one element.
struct Walk {
  int rank;
  std::array<int64_t, max_rank> extent, from, to;  // `rank` of each

  /// Adds the next axis outwards. It is merged with the one before if both views continue with the
  /// same steps.
  void add(int64_t length, int64_t from_stride, int64_t to_stride);
  /// The number of elements; saturates.
  int64_t elements() const;
  /// The same walk with `from` and `to` swapped.
  Walk reversed() const;
  bool operator==(const Walk& other) const;
};

/// Copies `count` elements; strides in elements. `from` may have any alignment.
using RowFunction = void (*)(const std::byte* from, int64_t from_stride, std::byte* to,
                             int64_t to_stride, int64_t count);

/// Copies elements unchanged.
RowFunction same_row(DType dtype);
/// Writes a byte of 1 for each element that is nonzero (NaN is, -0.0 is not) or, with `above_half`,
/// for each that is above one half (NaN is not), else 0. A bool is always tested for nonzero.
RowFunction truth_row(DType from, bool above_half);
/// Converts numbers of any type to float32 or float64, rounding to nearest; true is 1.
RowFunction number_row(DType from, DType to);
/// Converts integers to int32, clamping those that are out of range.
RowFunction index_row(DType from);

/// The index of the first of `count` elements that is refused; -1: none. The stride is in elements.
using RefusalFunction = int64_t (*)(const std::byte* from, int64_t stride, int64_t count);

/// For truths given as numbers: refuses negative numbers, infinities, and NaN of either sign. -0.0
/// is zero. Null for types that have no such numbers.
RefusalFunction refuse_no_truths(DType from);

/// Which elements are copied, and how they are converted.
struct Copy {
  Walk walk;
  RowFunction row;
  DType from, to;
  RefusalFunction refusal;  // null: every element is accepted

  bool operator==(const Copy&) const = default;
};
/// Returns null, or an element of `from` that is refused, the same one for any number of threads.
/// The copy is then unusable.
const std::byte* run_copy(const Copy& copy, const std::byte* from, std::byte* to,
                          Executor& executor);

}  // namespace attn
