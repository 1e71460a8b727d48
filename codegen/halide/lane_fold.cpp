#include "halide/lane_fold.h"

#include <algorithm>
#include <vector>

namespace attnc {

using namespace Halide;

namespace {

constexpr int narrow = 4;

/// Sums are strict: LLVM takes the result of any other sum for a finite number, and would fold
/// sum * 0, by which callers carry a NaN on, to 0.
Expr combined(Fold how, const Expr& a, const Expr& b) {
  return how == Fold::sum ? strict_float(a + b) : max(a, b);
}

/// `count` lanes combined, `distance` apart from `lane` on.
Expr tree(Fold how, const Func& by_lane, const std::vector<Var>& rest, const Expr& lane, int count,
          int distance) {
  if (count == 1) {
    std::vector<Expr> at{lane};
    at.insert(at.end(), rest.begin(), rest.end());
    return by_lane(at);
  }
  const int half = count / 2;
  return combined(how, tree(how, by_lane, rest, lane, half, distance),
                  tree(how, by_lane, rest, lane + half * distance, half, distance));
}

}  // namespace

LaneFold fold_lanes(const std::string& name, const Func& by_lane, int lanes, Fold how,
                    const Expr& start) {
  const std::vector<Var> all = by_lane.args(), rest(all.begin() + 1, all.end());
  LaneFold fold{by_lane, {}, Func(name), lanes};
  const int left = std::min(lanes, narrow);
  if (lanes > left) {
    fold.fourth = Func(name + "_fourth");
    fold.fourth(all) = tree(how, by_lane, rest, all[0], lanes / left, left);
  }
  const Expr all_lanes = tree(how, lanes > left ? fold.fourth : by_lane, rest, 0, left, 1);
  fold.whole(rest) = start.defined() ? combined(how, all_lanes, start) : all_lanes;
  return fold;
}

void LaneFold::compute_within_rows(const Var& row) {
  by_lane.compute_at(whole, row).vectorize(by_lane.args()[0], lanes);
  if (fourth.defined()) fourth.compute_at(whole, row).vectorize(fourth.args()[0], narrow);
}

}  // namespace attnc
