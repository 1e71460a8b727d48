// numerics.h - the elementary functions that kernels use, with their error.
//
//   Expr p = attnc::exp2_of_nonpositive(score - row_maximum);
//
// Halide's own exp is a scalar call on some targets and its fast_exp is nonsense outside its range.
// Not here: the formulas of masks and score functions (formula.h).
#pragma once
#include <Halide.h>

namespace attnc {

/// What stands for "masked" inside kernels. Finite, because fast-math may assume that infinities do
/// not exist (a select with -inf gave wrong sums); far below any score: those count as masked from
/// -0.9e30 downwards.
inline constexpr float masked_score = -1e30f;
inline constexpr float no_key_seen = -0.9e30f;

/// 2^x for x <= 0 in float32. At most 1 ulp (0.93 measured over 2 million points with fused
/// multiply-add) down to 2^-126, exactly 0 from -127 downwards, NaN for NaN.
Halide::Expr exp2_of_nonpositive(const Halide::Expr& x);

}  // namespace attnc
