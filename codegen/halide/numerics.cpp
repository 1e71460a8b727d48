#include "halide/numerics.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace attnc {

using namespace Halide;

namespace {

/// How the two floating-point types differ.
struct Format {
  Type type, bits;
  int mantissa;    // its bits, without the implicit one
  int bias;        // of the exponent
  double rounder;  // 1.5 * 2^mantissa + bias: adding it leaves an integer + bias in the low bits
  // 2^f - 1 on [-1/2, 1/2] as f times this polynomial, highest power first.
  std::vector<double> powers;
};

const Format& format_of(const Expr& x) {
  // float32: minimax with the constant term held at 0, so that whole exponents are exact; relative
  // error 2.0e-9 before rounding (Lawson's iteration on 4001 Chebyshev points). float64: the Taylor
  // series, ln(2)^k / k!; the first term left out is 4e-18.
  static const Format single{Float(32),
                             Int(32),
                             23,
                             127,
                             12582912.0 + 127,
                             {0.00015353361959569156, 0.0013398875016719103, 0.00961843691766262,
                              0.055503323674201965, 0.24022647738456726, 0.6931471824645996}};
  static const Format twice = [] {
    Format f{Float(64), Int(64), 52, 1023, 6755399441055744.0 + 1023, {}};
    double power = 1;
    for (int k = 1; k <= 13; ++k) {
      power *= 0.69314718055994530942 / k;
      f.powers.insert(f.powers.begin(), power);
    }
    return f;
  }();
  return x.type().bits() == 64 ? twice : single;
}

constexpr double log2e = 1.44269504088896340736;

Expr number(const Format& format, double v) { return Internal::make_const(format.type, v); }

/// x = whole + f with f in [-1/2, 1/2], exact; `shifted` has whole + bias in its low bits.
struct Split {
  Expr shifted, whole, f;
};
Split split(const Format& format, const Expr& x) {
  // Adding 1.5 * 2^mantissa rounds to the nearest integer and leaves it in the low bits, in one
  // instruction on every target. Strict, because an optimiser would simplify (x + c) - c to x.
  const Expr shifted = strict_float(x + number(format, format.rounder));
  const Expr whole = strict_float(shifted - number(format, format.rounder));
  return {shifted, whole, x - whole};
}

/// 2^n, where the low bits of `bits` are n + bias; the bits above them are shifted out.
Expr power(const Format& format, const Expr& bits) {
  return reinterpret(format.type, bits << format.mantissa);
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

/// 2^(whole + f) for any `whole`, with two factors, as 2^whole alone may overflow or underflow.
Expr scaled_power(const Format& format, const Expr& whole, const Expr& f) {
  const double most = 2.0 * format.bias;  // beyond, the result is infinity or 0
  const Expr held = select(whole > number(format, most), number(format, most),
                           whole < number(format, -most), number(format, -most), whole);
  const Expr half = split(format, held * number(format, 0.5)).shifted;
  const Expr half_whole = strict_float(half - number(format, format.rounder));
  const Expr rest = strict_float((held - half_whole) + number(format, format.rounder));
  const Expr first = power(format, low_bits(format, half)),
             second = power(format, low_bits(format, rest));
  return strict_float(strict_float((power_less_one(format, f) + number(format, 1)) * first) *
                      second);
}

}  // namespace

Expr masked_score(Type type) {
  return Internal::make_const(type, type.bits() == 64 ? -1e300 : -1e30);
}
Expr no_key_seen(Type type) {
  return Internal::make_const(type, type.bits() == 64 ? -0.9e300 : -0.9e30);
}

Expr exp_of_nonpositive(const Expr& x) {
  const Format& format = format_of(x);
  const Expr scaled = x * number(format, log2e), least = number(format, -format.bias);
  // This order of operands keeps a NaN: x86's max and min return the second operand for NaN.
  const Split s = split(format, strict_float(select(scaled < least, least, scaled)));
  const Expr p = power_less_one(format, s.f) + number(format, 1);
  // A factor, rather than an addition to the exponent bits of p: a NaN stays NaN with any payload.
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
  const Expr whole = split(format, held * number(format, log2e)).whole;
  // x - whole * ln(2), with ln(2) in two parts, the first of so few bits that its product is exact.
  const bool single = format.mantissa == 23;
  const double high = single ? 0.693145751953125 : 0x1.62e42fee00000p-1,
               low = single ? 1.42860682030941723212e-6 : 1.90821492927058770002e-10;
  const Expr r = strict_float(strict_float(held - strict_float(whole * number(format, high))) -
                              strict_float(whole * number(format, low)));
  return scaled_power(format, whole, r * number(format, log2e));
}

Expr tanh_of(const Expr& x) {
  const Format& format = format_of(x);
  // From 10 (20 in double) on, the result is 1 to the last place.
  const double most = format.mantissa == 23 ? 10 : 20;
  const Expr size = abs(x);
  const Expr held = strict_float(select(size > number(format, most), number(format, most), size));
  const Split s = split(format, held * number(format, 2 * log2e));
  const Expr factor = power(format, low_bits(format, s.shifted));
  // e^(2 |x|) - 1 = (2^n - 1) + 2^n (2^f - 1)
  const Expr e = strict_float(factor - number(format, 1)) + factor * power_less_one(format, s.f);
  const Expr t = e / (e + number(format, 2));
  return select(x < number(format, 0), -t, t);
}

Expr sigmoid_of(const Expr& x) {
  const Format& format = format_of(x);
  const Expr e = exp_of_nonpositive(-abs(x));
  return select(x >= number(format, 0), number(format, 1), e) / (number(format, 1) + e);
}

namespace {

/// A select on bits, for values that may be infinite or NaN: fast-math may assume that a select of
/// floating-point numbers sees neither.
Expr chosen(const Format& format, const Expr& condition, const Expr& yes, const Expr& no) {
  return reinterpret(format.type, select(condition, low_bits(format, yes), low_bits(format, no)));
}
Expr special(const Format& format, double v) {
  const int64_t bits = format.mantissa == 23
                           ? int64_t{std::bit_cast<int32_t>(static_cast<float>(v))}
                           : std::bit_cast<int64_t>(v);
  return reinterpret(format.type, Internal::make_const(format.bits, bits));
}
constexpr double infinity = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();

/// x with the opposite sign, also for zeros.
Expr flipped(const Format& format, const Expr& x) {
  const Expr sign = Internal::make_const(format.bits, 1) << (format.bits.bits() - 1);
  return reinterpret(format.type, low_bits(format, x) ^ sign);
}

/// a * b, a + b and a - b, each rounded as written.
Expr product(const Expr& a, const Expr& b) { return strict_float(a * b); }
Expr sum(const Expr& a, const Expr& b) { return strict_float(a + b); }
Expr difference(const Expr& a, const Expr& b) { return strict_float(a - b); }

/// c[0] + x c[1] + ...
Expr polynomial(const Format& format, const Expr& x, const std::vector<double>& c) {
  Expr p = number(format, c.back());
  for (size_t k = c.size() - 1; k-- > 0;) p = p * x + number(format, c[k]);
  return p;
}

/// The bits of |x|. As integers, those of NaN are above those of infinity, and these above all
/// numbers.
Expr size_bits(const Format& format, const Expr& x) {
  const int64_t all = format.mantissa == 23 ? INT32_MAX : INT64_MAX;
  return low_bits(format, x) & Internal::make_const(format.bits, all);
}

}  // namespace

Expr log_of(const Expr& x) {
  // fdlibm: x = 2^k (1 + f) with 1 + f around 1, s = f / (2 + f), and
  // ln(1 + f) = f - f^2/2 + s (f^2/2 + R), R even in s.
  const Format& format = format_of(x);
  const bool single = format.mantissa == 23;
  const auto whole = [&](int64_t v) { return Internal::make_const(format.bits, v); };
  const Expr own = low_bits(format, x);
  const Expr least = whole(int64_t{1} << format.mantissa);  // the smallest normal number
  const Expr small = own < least;
  const int up = format.mantissa + 2;
  const Expr scaled =
      low_bits(format, product(x, number(format, static_cast<double>(int64_t{1} << up))));
  const Expr bits = select(small, scaled, own);
  const int64_t root = single ? 0x3f3504f3 : 0x3fe6a09e00000000;  // sqrt(1/2)
  const int64_t one = int64_t{format.bias} << format.mantissa;
  const Expr moved = bits + whole(one - root);
  const Expr exponent =
      (moved >> format.mantissa) - whole(format.bias) - select(small, whole(up), whole(0));
  const Expr near_one = (moved & whole((int64_t{1} << format.mantissa) - 1)) + whole(root);
  const Expr k = cast(format.type, exponent);
  const Expr f = difference(reinterpret(format.type, near_one), number(format, 1));
  const Expr s = f / (f + number(format, 2));
  const Expr z = s * s;
  const Expr r =
      z * (single ? polynomial(format, z,
                               {0xaaaaaa.0p-24, 0xccce13.0p-25, 0x91e9ee.0p-25, 0xf89e26.0p-26})
                  : polynomial(format, z,
                               {6.666666666666735130e-01, 3.999999999940941908e-01,
                                2.857142874366239149e-01, 2.222219843214978396e-01,
                                1.818357216161805012e-01, 1.531383769920937332e-01,
                                1.479819860511658591e-01}));
  const Expr half = product(product(f, f), number(format, 0.5));
  const double high = single ? 6.9313812256e-01 : 6.93147180369123816490e-01,
               low = single ? 9.0580006145e-06 : 1.90821492927058770002e-10;
  const Expr part = sum(product(s, sum(half, r)), product(k, number(format, low)));
  const Expr result = sum(difference(part, difference(half, f)), product(k, number(format, high)));
  const Expr infinite = whole(int64_t{2 * format.bias + 1} << format.mantissa);
  const Expr size = size_bits(format, x);
  Expr made = chosen(format, own < whole(0), special(format, not_a_number), result);
  made = chosen(format, size == whole(0), special(format, -infinity), made);
  return chosen(format, own == infinite || size > infinite, x, made);
}

namespace {

/// sin(x) or cos(x) in double: x = n pi/2 + r, with pi/2 in three parts (Cody and Waite). The first
/// two have 33 bits, so that their products with n are exact up to n = 2^20. The polynomials are
/// fdlibm's.
Expr circular(const Expr& angle, bool cosine) {
  const Format& format = format_of(angle);
  // From 1e15 on no digits would be left.
  const Expr x = chosen(format, abs(angle) < number(format, 1e15), angle, number(format, 0));
  const Split n = split(format, product(x, number(format, 0.63661977236758134308)));
  Expr r = difference(x, product(n.whole, number(format, 1.57079632673412561417e+00)));
  r = difference(r, product(n.whole, number(format, 6.07710050630396597660e-11)));
  r = difference(r, product(n.whole, number(format, 2.02226624879595063154e-21)));
  const Expr z = r * r;
  const Expr sine =
      r + r * (z * polynomial(format, z,
                              {-1.66666666666666324348e-01, 8.33333333332248946124e-03,
                               -1.98412698298579493134e-04, 2.75573137070700676789e-06,
                               -2.50507602534068634195e-08, 1.58969099521155010221e-10}));
  const Expr half = product(z, number(format, 0.5));
  const Expr w = difference(number(format, 1), half);
  const Expr lost = difference(difference(number(format, 1), w), half);
  const Expr other =
      w + (lost + z * z *
                      polynomial(format, z,
                                 {4.16666666666666019037e-02, -1.38888888888741095749e-03,
                                  2.48015872894767294178e-05, -2.75573143513906633035e-07,
                                  2.08757232129817482790e-09, -1.13596475577881948265e-11}));
  const Expr quarter =
      low_bits(format, n.shifted) + Internal::make_const(format.bits, cosine - format.bias);
  const auto bit = [&](int64_t b) {
    const Expr mask = Internal::make_const(format.bits, b);
    return (quarter & mask) == mask;
  };
  const Expr one = number(format, 1), minus_one = number(format, -1);
  Expr made = chosen(format, bit(1), other, sine);
  made = chosen(format, bit(2), flipped(format, made), made);
  made = chosen(format, made > one, one, made);
  made = chosen(format, made < minus_one, minus_one, made);
  // The sine of -0 is -0; infinities give NaN.
  if (!cosine) made = chosen(format, x == number(format, 0), x, made);
  const Expr infinite =
      Internal::make_const(format.bits, int64_t{2 * format.bias + 1} << format.mantissa);
  return chosen(format, size_bits(format, angle) >= infinite, special(format, not_a_number), made);
}

/// x rounded to the nearest integer, for x >= 0.
Expr rounded(const Format& format, const Expr& x) {
  const Expr large = number(format, static_cast<double>(int64_t{1} << format.mantissa));
  return select(x < large, difference(sum(x, large), large), x);
}

Expr power_of(const Expr& x, const Expr& y) {
  const Format& format = format_of(x);
  const auto whole = [&](int64_t v) { return Internal::make_const(format.bits, v); };
  const Expr infinite = whole(int64_t{2 * format.bias + 1} << format.mantissa);
  const Expr one = number(format, 1), size = abs(x), steps = abs(y),
             halves = product(steps, number(format, 0.5));
  const Expr integer = rounded(format, steps) == steps,
             odd = integer && rounded(format, halves) != halves;
  const Expr size_of_x = size_bits(format, x), size_of_y = size_bits(format, y);
  const Expr negative = low_bits(format, x) < whole(0);
  Expr made = exp_of(product(y, log_of(size)));
  made = chosen(format, negative && odd && size_of_y < infinite, flipped(format, made), made);
  const Expr no_root =
      negative && size_of_x != whole(0) && size_of_x < infinite && size_of_y < infinite && !integer;
  made = chosen(format, no_root, special(format, not_a_number), made);
  const Expr one_bits = low_bits(format, one);
  const Expr is_one = size_of_y == whole(0) || low_bits(format, x) == one_bits ||
                      (size_of_x == one_bits && size_of_y == infinite);
  return chosen(format, is_one, one, made);
}

/// x - n y, with the exact product in two parts (Dekker 1971: halves of 26 bits, whose products are
/// exact). In double, for |n y| below 2^970.
Expr less_product(const Format& format, const Expr& x, const Expr& n, const Expr& y) {
  const auto high = [&](const Expr& v) {
    const Expr shifted = product(v, number(format, 134217729.0));  // 2^27 + 1
    return difference(shifted, difference(shifted, v));
  };
  const Expr n1 = high(n), n2 = difference(n, n1), y1 = high(y), y2 = difference(y, y1);
  const Expr p = product(n, y);
  const Expr lost = sum(sum(sum(difference(product(n1, y1), p), product(n1, y2)), product(n2, y1)),
                        product(n2, y2));
  return difference(difference(x, p), lost);
}

/// |x| - |y| times their quotient rounded down, with the sign of x.
Expr remainder_in_double(const Expr& x, const Expr& y) {
  const Format& format = format_of(x);
  const Expr zero = number(format, 0), one = number(format, 1), a = abs(x), b = abs(y);
  const Expr quotient = strict_float(a / b), nearest = rounded(format, quotient);
  const Expr whole = strict_float(select(nearest > quotient, difference(nearest, one), nearest));
  // A quotient of 0 leaves |x|, also where y is infinite.
  Expr rest = strict_float(select(whole == zero, a, less_product(format, a, whole, b)));
  // The division may have rounded the quotient up to a whole number.
  rest = strict_float(select(rest < zero, sum(rest, b), rest));
  return chosen(format, low_bits(format, x) < Internal::make_const(format.bits, 0),
                flipped(format, rest), rest);
}

/// The result of `f`, which computes in double, converted to the type of x.
template <class F>
Expr in_double(const Expr& x, const F& f) {
  if (x.type().bits() == 64) return f();
  return cast(x.type(), f());
}

}  // namespace

Expr sin_of(const Expr& x) {
  return in_double(x, [&] { return circular(cast<double>(x), false); });
}
Expr cos_of(const Expr& x) {
  return in_double(x, [&] { return circular(cast<double>(x), true); });
}
Expr pow_of(const Expr& x, const Expr& y) {
  return in_double(x, [&] { return power_of(cast<double>(x), cast<double>(y)); });
}

Expr remainder_of(const Expr& x, const Expr& y) {
  return in_double(x, [&] { return remainder_in_double(cast<double>(x), cast<double>(y)); });
}

Expr truncated(const Expr& x) {
  const Format& format = format_of(x);
  // The largest float32 below 2^31; in double, the largest index.
  const double most = format.mantissa == 23 ? 2147483520.0 : 2147483647.0, power = 2147483648.0;
  const Expr is_number =
      size_bits(format, x) <=
      Internal::make_const(format.bits, int64_t{2 * format.bias + 1} << format.mantissa);
  const Expr held = strict_float(select(x > number(format, most), number(format, most),
                                        x < number(format, -most), number(format, -most), x));
  const Expr index = cast<int32_t>(chosen(format, is_number, held, number(format, 0)));
  return select(!is_number, 0, x >= number(format, power), Int(32).max(),
                x <= number(format, -power), Int(32).min(), index);
}

}  // namespace attnc
