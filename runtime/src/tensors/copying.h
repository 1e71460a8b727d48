// copying.h - elements from one strided view to another, on the way into another type or not, by
// all threads of an executor.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "attn/runtime/executor.h"
#include "attn/runtime/tensor.h"

namespace attn {

/// Two views of one shape, innermost axis first; strides in elements. Without axes: one element.
struct Walk {
  int rank;
  std::array<int64_t, max_rank> extent, from, to;  // `rank` of each

  /// The next axis outwards: one more, or a longer one where both views go on in the same steps.
  void add(int64_t length, int64_t from_stride, int64_t to_stride);
  /// Saturates.
  int64_t elements() const;
  /// The same the other way round.
  Walk reversed() const;
  bool operator==(const Walk& other) const;
};

/// `count` elements; strides in elements. `from` may lie at any address.
using RowFunction = void (*)(const std::byte* from, int64_t from_stride, std::byte* to,
                             int64_t to_stride, int64_t count);

/// As they are.
RowFunction same_row(DType dtype);
/// Bytes of 0 and 1: what is not zero (NaN is not, -0.0 is), or what is above one half (NaN is
/// not). A bool is what it is.
RowFunction truth_row(DType from, bool above_half);
/// Numbers of any type as float32 or float64, rounded to nearest; true is 1.
RowFunction number_row(DType from, DType to);
/// Integers as int32: those that it does not have become the nearest that it has.
RowFunction index_row(DType from);

/// The first of `count` elements that is refused; -1: none. The stride is in elements.
using RefusalFunction = int64_t (*)(const std::byte* from, int64_t stride, int64_t count);

/// Of truths given as numbers: refuses those below zero, infinities and NaN, whose sign does not
/// count. -0.0 is zero. Null for types that have no such numbers.
RefusalFunction refuse_no_truths(DType from);

/// What is copied how.
struct Copy {
  Walk walk;
  RowFunction row;
  DType from, to;
  RefusalFunction refusal;  // null: it takes every element

  bool operator==(const Copy&) const = default;
};
/// Null, or an element of `from` that is refused, the same one for any number of threads; the copy
/// is then of no use.
const std::byte* run_copy(const Copy& copy, const std::byte* from, std::byte* to,
                          Executor& executor);

}  // namespace attn
