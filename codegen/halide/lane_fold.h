// lane_fold.h - the maximum or the sum of the lanes of a vector.
//
//   LaneFold maximum = fold_lanes("maximum", lane_maximum, lanes, Fold::maximum);
//   f(x, q) = score(x, q) - maximum.whole(q);
//   maximum.whole.compute_at(at);
//   maximum.compute_within_rows(q);  // vectors of one row: lane_maximum is computed there, too
//
// Lanes are combined in pairs, halves first: 16 lanes take 14 instructions, of which at most 6 depend
// on each other. (Halide's reduction over a vector takes 60 for a maximum and 30 for a sum, each
// dependent on the one before: both together were 3.2 % of the time of 512 queries and keys of heads
// of 64 on Zen 4.)
#pragma once
#include <Halide.h>

#include <string>

namespace attnc {

enum class Fold { maximum, sum };

struct LaneFold {
  Halide::Func by_lane, fourth, whole;  // `fourth` has 4 lanes; undefined if by_lane has no more
  int lanes = 0;                        // of by_lane

  /// Computes the vectors of a row, and the row of by_lane, in the loop of `whole` over rows.
  void compute_within_rows(const Halide::Var& row);
};

/// whole(rest) = by_lane(lane, rest) for all lanes combined, and `start` if that is defined. `lanes`
/// is a power of 2.
LaneFold fold_lanes(const std::string& name, const Halide::Func& by_lane, int lanes, Fold how,
                    const Halide::Expr& start = {});

}  // namespace attnc
