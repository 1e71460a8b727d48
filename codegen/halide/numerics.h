// numerics.h - the elementary functions that kernels use, with their error.
//
//   Expr p = attnc::exp_of_nonpositive(score - row_maximum);
//
// All take and make Float(32) or Float(64), inline to plain arithmetic (no call, so no symbol), and
// give NaN for NaN. Halide's own exp is a scalar call on some targets and its fast_exp is nonsense
// outside its range. Errors are those of tests/codegen/halide/numerics_test.cpp, in units of the last
// place (ulp). Not here: the formulas of masks and score functions (formula.h).
#pragma once
#include <Halide.h>

namespace attnc {

/// What stands for "masked" inside kernels. Finite, because fast-math may assume that infinities do
/// not exist (a select with -inf gave wrong sums); far below any score: those count as masked from
/// no_key_seen downwards. -1e30 and -0.9e30, in double -1e300 and -0.9e300.
Halide::Expr masked_score(Halide::Type type);
Halide::Expr no_key_seen(Halide::Type type);

/// e^x for x <= 0. At most 1 + 5 |x| / 4 ulp, as x * log2(e) is rounded, down to the smallest normal
/// number; exactly 0 from half of that downwards. (With the product in the two fused multiply-adds
/// that could take it, kernels were 0.5 % slower on Zen 4, whose additions have pipes of their own.)
Halide::Expr exp_of_nonpositive(const Halide::Expr& x);

/// e^x and 2^x everywhere: infinity and 0 where they overflow and underflow. At most 2 ulp.
Halide::Expr exp_of(const Halide::Expr& x);
Halide::Expr exp2_of(const Halide::Expr& x);
/// tanh(x), by e^(2 |x|) - 1, so that small numbers keep their digits. At most 4 ulp.
Halide::Expr tanh_of(const Halide::Expr& x);
/// 1 / (1 + e^-x), exactly 0 of what counts as masked. It errs as e^-|x| does.
Halide::Expr sigmoid_of(const Halide::Expr& x);
/// ln(x), of denormal numbers too; -infinity of 0, NaN below. At most 2 ulp.
Halide::Expr log_of(const Halide::Expr& x);
/// sin(x) and cos(x). At most 3 ulp for |x| < 1e5 (1 in float32, which is computed in double);
/// beyond, x loses digits, and from 1e15 on it counts as 0. NaN of infinities.
Halide::Expr sin_of(const Halide::Expr& x);
Halide::Expr cos_of(const Halide::Expr& x);
/// x^y with every case of C's pow. At most 1 ulp in float32, which is computed in double; in float64
/// 2 + 2 |y ln(x)| ulp, so 1400 towards overflow.
Halide::Expr pow_of(const Halide::Expr& x, const Halide::Expr& y);
/// x less y times their quotient towards zero, as C's fmod: exact where the quotient is below 2^52 (and x
/// below 1e292). Beyond, it is of no use. In float32 computed in double.
Halide::Expr remainder_of(const Halide::Expr& x, const Halide::Expr& y);
/// x towards zero as an index: of NaN 0, of what is too large the nearest that there is.
Halide::Expr truncated(const Halide::Expr& x);

}  // namespace attnc
