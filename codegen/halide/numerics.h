// numerics.h - the elementary functions that kernels use, with their errors.
//
//   Expr p = attnc::exp_of_nonpositive(score - row_maximum);
//
// All take and return Float(32) or Float(64) (`truncated` returns an index), expand to plain
// arithmetic (no call, so no symbol), and return NaN for NaN unless stated otherwise. Halide's own
// exp is a scalar call on some targets, and its fast_exp is wrong outside its range. Errors are
// those that tests/codegen/halide/numerics_test.cpp checks, in units of the last place (ulp). Not
// here: the formulas of masks and score functions (formula.h).
#pragma once
#include <Halide.h>

namespace attnc {

/// The score of a masked pair inside kernels: -1e30, in double -1e300. It is finite, because
/// fast-math may assume that infinities do not exist (a select with -inf gave wrong sums). Scores
/// of no_key_seen and below count as masked: -0.9e30, in double -0.9e300.
Halide::Expr masked_score(Halide::Type type);
Halide::Expr no_key_seen(Halide::Type type);

/// e^x for x <= 0. At most 1 + 5 |x| / 4 ulp (x * log2(e) is rounded) down to the smallest normal
/// number; exactly 0 from half of that downwards. (Folding the product into the two fused
/// multiply-adds that could take it made kernels 0.5 % slower on Zen 4, whose additions have pipes
/// of their own.)
Halide::Expr exp_of_nonpositive(const Halide::Expr& x);

/// e^x and 2^x for any x: infinity on overflow, 0 on underflow. At most 2 ulp.
Halide::Expr exp_of(const Halide::Expr& x);
Halide::Expr exp2_of(const Halide::Expr& x);
/// tanh(x), from e^(2 |x|) - 1, so that small numbers keep their digits. At most 4 ulp.
Halide::Expr tanh_of(const Halide::Expr& x);
/// 1 / (1 + e^-x), exactly 0 for scores that count as masked. Its error is that of e^-|x|.
Halide::Expr sigmoid_of(const Halide::Expr& x);
/// ln(x), also of denormal numbers; -infinity for 0, NaN for negative numbers. At most 2 ulp.
Halide::Expr log_of(const Halide::Expr& x);
/// sin(x) and cos(x). At most 3 ulp for |x| < 1e5 (1 in float32, which is computed in double).
/// Beyond that x loses digits, and from 1e15 on it counts as 0. NaN for infinities.
Halide::Expr sin_of(const Halide::Expr& x);
Halide::Expr cos_of(const Halide::Expr& x);
/// x^y, with all special cases of C's pow. At most 1 ulp in float32, which is computed in double;
/// in float64 at most 2 + 2 |y ln(x)| ulp, which is 1400 near overflow.
Halide::Expr pow_of(const Halide::Expr& x, const Halide::Expr& y);
/// x less y times their quotient rounded towards zero, as C's fmod. Exact where the quotient is
/// below 2^52 and x below 1e292, meaningless beyond. float32 is computed in double.
Halide::Expr remainder_of(const Halide::Expr& x, const Halide::Expr& y);
/// x rounded towards zero, as an index: 0 for NaN, the nearest index for numbers out of range.
Halide::Expr truncated(const Halide::Expr& x);

}  // namespace attnc
