#include "halide/numerics.h"

namespace attnc {

using namespace Halide;

Expr exp2_of_nonpositive(const Expr& x) {
  // Comparing this way round keeps a NaN: x86's max and min return their second operand then.
  const Expr clamped = strict_float(select(x < -127.0f, -127.0f, x));
  // Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the low bits, on every target
  // in one instruction; strict, because (x + c) - c is x to an optimiser.
  const Expr shifted = strict_float(clamped + 12582912.0f);
  const Expr whole = strict_float(shifted - 12582912.0f);
  const Expr f = clamped - whole;  // in [-1/2, 1/2], exact
  // Minimax for 2^f with the constant term held at 1, so that whole exponents are exact; relative
  // error 2.0e-9 before rounding (Lawson's iteration on 4001 Chebyshev points).
  Expr p = 0.00015353361959569156f;
  for (float c : {0.0013398875016719103f, 0.00961843691766262f, 0.055503323674201965f,
                  0.24022647738456726f, 0.6931471824645996f, 1.0f}) {
    p = p * f + c;
  }
  // The exponent as a factor rather than added to p's bits: a NaN stays one whatever its payload.
  const Expr exponent = (reinterpret<int32_t>(shifted) << 23) + 0x3f800000;
  return p * reinterpret<float>(exponent);
}

}  // namespace attnc
