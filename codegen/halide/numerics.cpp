#include "halide/numerics.h"

#include <vector>

namespace attnc {

using namespace Halide;

namespace {

/// What the two floating types differ in.
struct Format {
  Type type, bits;
  int mantissa;    // bits of it
  int bias;        // of the exponent
  double rounder;  // 1.5 * 2^mantissa: adding it leaves an integer in the low bits
  // 2^f - 1 on [-1/2, 1/2] as f times this polynomial, highest power first.
  std::vector<double> powers;
};

const Format& format_of(const Expr& x) {
  // In float32 minimax with the constant term held at 0, so that whole exponents are exact; relative
  // error 2.0e-9 before rounding (Lawson's iteration on 4001 Chebyshev points). In float64 Taylor's:
  // ln(2)^k / k!, of which the first one left out is 4e-18.
  static const Format single{Float(32), Int(32), 23, 127, 12582912.0,
                             {0.00015353361959569156, 0.0013398875016719103, 0.00961843691766262,
                              0.055503323674201965, 0.24022647738456726, 0.6931471824645996}};
  static const Format twice = [] {
    Format f{Float(64), Int(64), 52, 1023, 6755399441055744.0, {}};
    double power = 1;
    for (int k = 1; k <= 13; ++k) {
      power *= 0.69314718055994530942 / k;
      f.powers.insert(f.powers.begin(), power);
    }
    return f;
  }();
  return x.type().bits() == 64 ? twice : single;
}

Expr number(const Format& format, double v) { return Internal::make_const(format.type, v); }

/// x = whole + f with f in [-1/2, 1/2], exact; `shifted` has whole in its low bits.
struct Split {
  Expr shifted, whole, f;
};
Split split(const Format& format, const Expr& x) {
  // Adding 1.5 * 2^mantissa rounds to the nearest integer and leaves it in the low bits, on every
  // target in one instruction; strict, because (x + c) - c is x to an optimiser.
  const Expr shifted = strict_float(x + number(format, format.rounder));
  const Expr whole = strict_float(shifted - number(format, format.rounder));
  return {shifted, whole, x - whole};
}

/// 2^n, n the low bits of `bits`.
Expr power(const Format& format, const Expr& bits) {
  const Expr exponent = (bits << format.mantissa) +
                        Internal::make_const(format.bits, int64_t{format.bias} << format.mantissa);
  return reinterpret(format.type, exponent);
}
Expr low_bits(const Format& format, const Expr& shifted) {
  return reinterpret(format.bits, shifted);
}

/// 2^f - 1 for f in [-1/2, 1/2].
Expr power_less_one(const Format& format, const Expr& f) {
  Expr p = number(format, format.powers.front());
  for (size_t k = 1; k < format.powers.size(); ++k) p = p * f + number(format, format.powers[k]);
  return p * f;
}

/// 2^(whole + f) for any whole: by two factors, as 2^whole alone may not be a number.
Expr scaled_power(const Format& format, const Expr& whole, const Expr& f) {
  const double most = 2.0 * format.bias;  // beyond, it has long been infinity, or 0
  const Expr held = select(whole > number(format, most), number(format, most),
                           whole < number(format, -most), number(format, -most), whole);
  const Expr half = split(format, held * number(format, 0.5)).shifted;
  const Expr half_whole = strict_float(half - number(format, format.rounder));
  const Expr rest = strict_float((held - half_whole) + number(format, format.rounder));
  const Expr first = power(format, low_bits(format, half)),
             second = power(format, low_bits(format, rest));
  return strict_float(
      strict_float((power_less_one(format, f) + number(format, 1)) * first) * second);
}

}  // namespace

Expr masked_score(Type type) { return Internal::make_const(type, type.bits() == 64 ? -1e300 : -1e30); }
Expr no_key_seen(Type type) { return Internal::make_const(type, type.bits() == 64 ? -0.9e300 : -0.9e30); }

Expr exp2_of_nonpositive(const Expr& x) {
  const Format& format = format_of(x);
  const Expr least = number(format, -format.bias);
  // Comparing this way round keeps a NaN: x86's max and min return their second operand then.
  const Split s = split(format, strict_float(select(x < least, least, x)));
  Expr p = number(format, format.powers.front());
  for (size_t k = 1; k < format.powers.size(); ++k) p = p * s.f + number(format, format.powers[k]);
  p = p * s.f + number(format, 1);
  // The exponent as a factor rather than added to p's bits: a NaN stays one whatever its payload.
  return p * power(format, low_bits(format, s.shifted));
}

Expr exp2_of(const Expr& x) {
  const Format& format = format_of(x);
  const double most = 3.0 * format.bias;
  const Expr held = strict_float(select(x > number(format, most), number(format, most),
                                        x < number(format, -most), number(format, -most), x));
  const Split s = split(format, held);
  return scaled_power(format, s.whole, s.f);
}

Expr exp_of(const Expr& x) {
  const Format& format = format_of(x);
  const double most = 2.1 * format.bias;
  const Expr held = strict_float(select(x > number(format, most), number(format, most),
                                        x < number(format, -most), number(format, -most), x));
  constexpr double log2e = 1.44269504088896340736;
  const Expr whole = split(format, held * number(format, log2e)).whole;
  // x - whole * ln(2) in two parts, the first with so few bits that the product is exact.
  const bool single = format.mantissa == 23;
  const double high = single ? 0.693145751953125 : 0x1.62e42fee00000p-1,
               low = single ? 1.42860682030941723212e-6 : 1.90821492927058770002e-10;
  const Expr r = strict_float(strict_float(held - strict_float(whole * number(format, high))) -
                              strict_float(whole * number(format, low)));
  return scaled_power(format, whole, r * number(format, log2e));
}

Expr tanh_of(const Expr& x) {
  const Format& format = format_of(x);
  // From 10 (20 in double) on it is 1 to the last place.
  const double most = format.mantissa == 23 ? 10 : 20;
  const Expr size = abs(x);
  const Expr held = strict_float(select(size > number(format, most), number(format, most), size));
  const Split s = split(format, held * number(format, 2 * 1.44269504088896340736));
  const Expr factor = power(format, low_bits(format, s.shifted));
  // e^(2 |x|) - 1 = (2^n - 1) + 2^n (2^f - 1)
  const Expr e =
      strict_float(factor - number(format, 1)) + factor * power_less_one(format, s.f);
  const Expr t = e / (e + number(format, 2));
  return select(x < number(format, 0), -t, t);
}

Expr sigmoid_of(const Expr& x) {
  const Format& format = format_of(x);
  return number(format, 1) / (number(format, 1) + exp_of(-x));
}

}  // namespace attnc
