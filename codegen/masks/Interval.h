//===- Interval.h - interval arithmetic over several kinds of end --------------===//
//
//   IntervalRules<ExactArithmetic> rules;
//   Interval<Exact> a{0, 7}, b{-2, 2};
//   rules.sum(a, b)        // -2 to 9
//   rules.minimum(a, b)    // -2 to 2
//
// Everything that is known of masks ahead of a call comes from interval arithmetic. The rules are
// the same for each kind of end: numbers that the compiler knows (Terms.h), terms of a tile of
// queries (KeyBounds.cpp), and values that a kernel computes for a box of pairs (Box.h). An
// `Arithmetic` adds and compares ends of one kind.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "llvm/Support/MathExtras.h"

namespace attnc::ir {

/// The least and the greatest index. Indices have 32 bits and wrap around.
inline constexpr int64_t leastIndex = std::numeric_limits<int32_t>::min(),
                         mostIndex = std::numeric_limits<int32_t>::max();

/// A 64-bit number; nullopt on overflow.
using Exact = std::optional<int64_t>;

inline Exact plus(Exact a, Exact b) {
  int64_t sum = 0;
  if (!a || !b || llvm::AddOverflow(*a, *b, sum)) return std::nullopt;
  return sum;
}
inline Exact minus(Exact a, Exact b) {
  int64_t difference = 0;
  if (!a || !b || llvm::SubOverflow(*a, *b, difference)) return std::nullopt;
  return difference;
}
inline Exact times(Exact a, Exact b) {
  int64_t product = 0;
  if (!a || !b || llvm::MulOverflow(*a, *b, product)) return std::nullopt;
  return product;
}
/// Rounds down; d > 0.
inline int64_t floorDivision(int64_t a, int64_t d) { return a / d - (a % d < 0); }

/// Includes both ends. An interval with empty ends (nullopt, a null term, a null value) is unknown.
template <class End>
struct Interval {
  End low{}, high{};
  explicit operator bool() const { return bool(low); }
};

/// Computes intervals from those of operands, which must be known. `Arithmetic` has the type End
/// and its operations: plus, minus, times (by a number), minimum and maximum. Its `checked` turns
/// an interval with an unknown end into an unknown one.
template <class Arithmetic>
struct IntervalRules {
  using End = typename Arithmetic::End;
  using I = Interval<End>;
  Arithmetic ends{};

  I sum(const I& a, const I& b) {
    return ends.checked({ends.plus(a.low, b.low), ends.plus(a.high, b.high)});
  }
  I difference(const I& a, const I& b) {
    return ends.checked({ends.minus(a.low, b.high), ends.minus(a.high, b.low)});
  }
  I scaled(const I& a, int64_t factor) {
    End low = ends.times(a.low, factor), high = ends.times(a.high, factor);
    return factor < 0 ? ends.checked({high, low}) : ends.checked({low, high});
  }
  I minimum(const I& a, const I& b) {
    return ends.checked({ends.minimum(a.low, b.low), ends.minimum(a.high, b.high)});
  }
  I maximum(const I& a, const I& b) {
    return ends.checked({ends.maximum(a.low, b.low), ends.maximum(a.high, b.high)});
  }
  /// The smallest interval that contains both.
  I hull(const I& a, const I& b) {
    return ends.checked({ends.minimum(a.low, b.low), ends.maximum(a.high, b.high)});
  }
  /// The values of a non-decreasing function over the interval.
  template <class F>
  I rising(const I& a, F&& function) {
    return ends.checked({function(a.low), function(a.high)});
  }
};

struct ExactArithmetic {
  using End = Exact;
  static Exact plus(Exact a, Exact b) { return ir::plus(a, b); }
  static Exact minus(Exact a, Exact b) { return ir::minus(a, b); }
  static Exact times(Exact a, int64_t factor) { return ir::times(a, factor); }
  static Exact minimum(Exact a, Exact b) { return a && b ? Exact(std::min(*a, *b)) : std::nullopt; }
  static Exact maximum(Exact a, Exact b) { return a && b ? Exact(std::max(*a, *b)) : std::nullopt; }
  static Interval<Exact> checked(Interval<Exact> i) {
    return i.low && i.high ? i : Interval<Exact>();
  }
};

}  // namespace attnc::ir
