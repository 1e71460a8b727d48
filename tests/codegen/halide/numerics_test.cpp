// The kernels' own functions, on every target whose instructions this CPU has.
#include "halide/numerics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "attn/runtime/cpu.h"
#include "halide/targets.h"

namespace {

using namespace Halide;

struct Variant {
  const char* name;
  const char* halide;
  int lanes;
  bool here;
};

/// The targets of this machine, and whether this CPU runs them.
std::vector<Variant> variants() {
  std::vector<Variant> all;
  for (const attnc::TargetInfo& t : attnc::targets()) {
    if (t.machine == attnc::this_machine())
      all.push_back({t.name, t.halide, t.vector, (t.cpu & ~attn::cpu_features()) == 0});
  }
  return all;
}

/// The function, applied to every element of `x` by a compiled pipeline.
template <class T>
std::vector<T> on(const Variant& v, const std::vector<T>& x, Expr (*function)(const Expr&)) {
  Var i("i");
  Func f("f");
  Buffer<T> in(static_cast<int>(x.size()));
  std::memcpy(in.data(), x.data(), x.size() * sizeof(T));
  f(i) = function(in(i));
  f.vectorize(i, v.lanes, TailStrategy::GuardWithIf);
  // Compiled like kernels: the rounding that functions ask for has to survive optimisation.
  Target target(std::string(v.halide) + "-jit");
  Buffer<T> out = f.realize({static_cast<int>(x.size())}, target);
  return {out.data(), out.data() + x.size()};
}
std::vector<float> exp_on(const Variant& v, const std::vector<float>& x) {
  return on<float>(v, x, attnc::exp_of_nonpositive);
}

double ulps(float got, double want) {
  const float nearest = static_cast<float>(want);
  const double ulp = std::nextafter(nearest, std::numeric_limits<float>::infinity()) - nearest;
  return std::abs(got - want) / ulp;
}

// Both log2(e) as a float and its product with x are rounded, so the error is proportional to x.
TEST(ExpOfNonpositive, IsWithinOneUlpAndFiveQuartersOfItsArgumentDownToTheSmallestNormalNumber) {
  std::vector<float> x;
  for (int i = 0; i <= 400000; ++i) x.push_back(-static_cast<float>(i) * (87.3f / 400000));
  for (int i = 0; i <= 400000; ++i) x.push_back(-static_cast<float>(i) / 400000);
  for (const Variant& v : variants()) {
    if (!v.here) continue;
    const std::vector<float> y = exp_on(v, x);
    double worst = 0, by = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double off = ulps(y[i], std::exp(static_cast<double>(x[i])));
      worst = std::max(worst, off);
      by = std::max(by, off / (1 + 1.25 * std::abs(x[i])));
    }
    EXPECT_LE(by, 1.0) << v.name;
    RecordProperty(std::string("worst_ulp_") + v.name, std::to_string(worst));
  }
}

TEST(ExpOfNonpositive, IsOneOfZeroAndZeroOfWhatUnderflows) {
  const std::vector<float> x{
      0.0f, -88.1f, -100.0f, -1e4f, -1e30f, -3e38f, -std::numeric_limits<float>::infinity()};
  for (const Variant& v : variants()) {
    if (!v.here) continue;
    const std::vector<float> y = exp_on(v, x);
    for (size_t i = 0; i < x.size(); ++i)
      EXPECT_EQ(y[i], x[i] == 0 ? 1.0f : 0.0f) << v.name << " at " << x[i];
  }
}

TEST(ExpOfNonpositive, KeepsNaNWithAnyPayloadAndSign) {
  std::vector<float> x;
  for (uint32_t bits : {0x7fc00000u, 0xffc00000u, 0x7fc00001u, 0x7fffffffu, 0xffc001ffu}) {
    float f;
    std::memcpy(&f, &bits, sizeof f);
    x.push_back(f);
  }
  x.resize(32, x[0]);
  for (const Variant& v : variants()) {
    if (!v.here) continue;
    const std::vector<float> y = exp_on(v, x);
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_TRUE(std::isnan(y[i])) << v.name << " number " << i;
    }
  }
}

template <class T>
double worst_ulps(const std::vector<T>& x, const std::vector<T>& y,
                  long double (*want)(long double)) {
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const long double exact = want(x[i]);
    const T nearest = static_cast<T>(exact);
    const T ulp =
        std::nextafter(std::abs(nearest), std::numeric_limits<T>::infinity()) - std::abs(nearest);
    worst = std::max(worst, static_cast<double>(std::abs(y[i] - exact) / ulp));
  }
  return worst;
}

/// Sigmoid as formulas compute it: plans have its four steps.
Expr sigmoid_by_steps(const Expr& x) {
  const Expr one = Internal::make_const(x.type(), 1);
  return one / (one + attnc::exp_of(-x));
}

struct Function {
  const char* name;
  Expr (*expr)(const Expr&);
  long double (*exact)(long double);
  double low, high;  // range of float32 arguments; likewise for float64
  double ulps;
};
const Function functions[] = {
    {"exp of small nonpositive numbers", attnc::exp_of_nonpositive,
     [](long double v) { return std::exp(v); }, -1, 0, 2},
    {"exp", attnc::exp_of, [](long double v) { return std::exp(v); }, -87, 88, 2},
    {"exp2", attnc::exp2_of, [](long double v) { return std::exp2(v); }, -126, 127, 2},
    {"tanh", attnc::tanh_of, [](long double v) { return std::tanh(v); }, -12, 12, 4},
    {"tanh of small numbers", attnc::tanh_of, [](long double v) { return std::tanh(v); }, -1e-3,
     1e-3, 4},
    {"sigmoid", sigmoid_by_steps, [](long double v) { return 1 / (1 + std::exp(-v)); }, -80, 80, 4},
    {"sigmoid as kernels have it", attnc::sigmoid_of,
     [](long double v) { return 1 / (1 + std::exp(-v)); }, -10, 87, 16},
    {"log", attnc::log_of, [](long double v) { return std::log(v); }, 1e-30, 5, 2},
    {"log of large numbers", attnc::log_of, [](long double v) { return std::log(v); }, 5, 1e30, 2},
    {"sin", attnc::sin_of, [](long double v) { return std::sin(v); }, -9, 9, 3},
    {"sin of large numbers", attnc::sin_of, [](long double v) { return std::sin(v); }, -1e5, 1e5,
     3},
    {"cos", attnc::cos_of, [](long double v) { return std::cos(v); }, -9, 9, 3},
    {"cos of large numbers", attnc::cos_of, [](long double v) { return std::cos(v); }, -1e5, 1e5,
     3},
};

template <class T>
void are_accurate() {
  for (const Function& f : functions) {
    std::vector<T> x;
    constexpr int count = 200000;
    for (int i = 0; i <= count; ++i)
      x.push_back(static_cast<T>(f.low + (f.high - f.low) * i / count));
    for (const Variant& v : variants()) {
      if (!v.here) continue;
      const double worst = worst_ulps(x, on<T>(v, x, f.expr), f.exact);
      EXPECT_LE(worst, f.ulps) << f.name << " on " << v.name;
    }
  }
}
TEST(Numerics, FunctionsOfFloat32AreAccurate) { are_accurate<float>(); }
TEST(Numerics, FunctionsOfFloat64AreAccurate) { are_accurate<double>(); }

template <class T>
void end_well() {
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const std::vector<T> x{-infinity, T(-1e30), T(-2000), T(0), T(2000), T(1e30), infinity, nan};
  for (const Variant& v : variants()) {
    if (!v.here) continue;
    EXPECT_EQ((std::vector<T>{0, 0, 0, 1, infinity, infinity, infinity}), [&] {
      auto y = on<T>(v, x, attnc::exp_of);
      y.pop_back();
      return y;
    }()) << v.name;
    EXPECT_EQ((std::vector<T>{0, 0, 0, 1, infinity, infinity, infinity}), [&] {
      auto y = on<T>(v, x, attnc::exp2_of);
      y.pop_back();
      return y;
    }()) << v.name;
    EXPECT_EQ((std::vector<T>{-1, -1, -1, 0, 1, 1, 1}), [&] {
      auto y = on<T>(v, x, attnc::tanh_of);
      y.pop_back();
      return y;
    }()) << v.name;
    EXPECT_EQ((std::vector<T>{0, 0, 0, T(0.5), 1, 1, 1}), [&] {
      auto y = on<T>(v, x, sigmoid_by_steps);
      y.pop_back();
      return y;
    }()) << v.name;
    EXPECT_EQ((std::vector<T>{0, 0, 0, T(0.5), 1, 1, 1}), [&] {
      auto y = on<T>(v, x, attnc::sigmoid_of);
      y.pop_back();
      return y;
    }()) << v.name;
    for (const Function& f : functions)
      EXPECT_TRUE(std::isnan(on<T>(v, x, f.expr).back())) << f.name << " on " << v.name;
  }
}
/// The same number, zeros with the same sign; all NaNs are equal.
template <class T>
bool same(T a, T b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

/// Numbers of every kind, including the largest denormal and the smallest normal number.
template <class T>
std::vector<T> of_every_kind() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x{0,
                   T(0.5),
                   1,
                   T(1.5),
                   2,
                   3,
                   4,
                   T(1e5),
                   T(1e9),
                   T(2e9),
                   T(3e18),
                   T(1e30),
                   Limits::min(),
                   Limits::denorm_min(),
                   Limits::max(),
                   Limits::infinity(),
                   Limits::quiet_NaN(),
                   Limits::min() - Limits::denorm_min(),
                   1 - Limits::epsilon(),
                   T(1e-5),
                   T(4503599627370497.0),
                   T(4503599627370498.5),
                   T(9007199254740993.0)};
  for (size_t i = 0, n = x.size(); i < n; ++i) x.push_back(-x[i]);
  return x;
}

template <class T>
void are_as_in_c() {
  const std::vector<T> x = of_every_kind<T>();
  for (const Variant& v : variants()) {
    if (!v.here) continue;
    const auto log = on<T>(v, x, attnc::log_of), sin = on<T>(v, x, attnc::sin_of),
               cos = on<T>(v, x, attnc::cos_of);
    for (size_t i = 0; i < x.size(); ++i) {
      const T exact = std::log(x[i]);
      EXPECT_TRUE(same(log[i], exact) || std::abs(log[i] - exact) <= 2e-7 * std::abs(exact))
          << v.name << ": log " << x[i] << " is " << log[i];
      if (std::abs(x[i]) > T(1e5) && std::isfinite(x[i])) {
        EXPECT_TRUE(std::abs(sin[i]) <= 1 && std::abs(cos[i]) <= 1) << v.name << ": " << x[i];
        continue;
      }
      const T angle = std::sin(x[i]);
      EXPECT_TRUE(same(sin[i], angle) || std::abs(sin[i] - angle) <= 2e-7 * std::abs(angle))
          << v.name << ": sin " << x[i] << " is " << sin[i];
      EXPECT_TRUE(same(cos[i], std::cos(x[i])) || std::abs(cos[i] - std::cos(x[i])) <= 2e-7)
          << v.name << ": cos " << x[i] << " is " << cos[i];
    }
  }
}
TEST(Numerics, LogSinAndCosAreAsInCOfEveryKindOfNumber) {
  are_as_in_c<float>();
  are_as_in_c<double>();
}

/// x[i] to the power y[i].
template <class T>
std::vector<T> powers(const Variant& v, const std::vector<T>& x, const std::vector<T>& y) {
  Var i("i");
  Func f("f");
  Buffer<T> a(static_cast<int>(x.size())), b(static_cast<int>(x.size()));
  std::memcpy(a.data(), x.data(), x.size() * sizeof(T));
  std::memcpy(b.data(), y.data(), y.size() * sizeof(T));
  f(i) = attnc::pow_of(a(i), b(i));
  f.vectorize(i, v.lanes, TailStrategy::GuardWithIf);
  Buffer<T> out = f.realize({static_cast<int>(x.size())}, Target(std::string(v.halide) + "-jit"));
  return {out.data(), out.data() + x.size()};
}

template <class T>
void pow_is_as_in_c() {
  std::vector<T> x, y;
  for (T a : of_every_kind<T>()) {
    for (T b : of_every_kind<T>()) x.push_back(a), y.push_back(b);
  }
  const size_t kinds = x.size();
  for (int i = 0; i < 200000; ++i) {
    x.push_back(static_cast<T>(std::exp(-8 + 16 * (i % 997) / 997.0)));
    y.push_back(static_cast<T>(-10 + 20 * (i % 1009) / 1009.0));
  }
  for (const Variant& v : variants()) {
    if (!v.here) continue;
    const std::vector<T> got = powers<T>(v, x, y);
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const T want = std::pow(x[i], y[i]);
      const double large = std::abs(double(y[i]) * std::log(std::abs(double(x[i]))));
      const bool ordinary = std::isnormal(want) && std::isnormal(got[i]);
      if (!ordinary || i < kinds) {
        // Near the smallest and the largest numbers, any result close to the exact one is accepted.
        const bool edge = std::abs(want) <= 2 * std::numeric_limits<T>::min() ||
                          std::abs(want) >= std::numeric_limits<T>::max() / 2;
        const bool near = std::abs(got[i] - want) <= T(1e-6) * std::abs(want) ||
                          (edge && std::abs(got[i] - want) <= 2 * std::numeric_limits<T>::min());
        EXPECT_TRUE(same(got[i], want) || (near && std::signbit(got[i]) == std::signbit(want)))
            << v.name << ": " << x[i] << " to the " << y[i] << " is " << got[i] << ", not " << want;
        continue;
      }
      const long double exact = std::pow(static_cast<long double>(x[i]), y[i]);
      const T ulp =
          std::nextafter(std::abs(want), std::numeric_limits<T>::infinity()) - std::abs(want);
      const double error = static_cast<double>(std::abs(got[i] - exact) / ulp);
      worst = std::max(worst, sizeof(T) == 4 ? error : error - 2 * large);
    }
    EXPECT_LE(worst, sizeof(T) == 4 ? 1 : 2) << v.name;
  }
}
TEST(Numerics, PowIsAsInC) {
  pow_is_as_in_c<float>();
  pow_is_as_in_c<double>();
}

TEST(Numerics, TruncationSaturates) {
  const std::vector<double> x{0.9,
                              -0.9,
                              -1.5,
                              2.5e9,
                              -1e300,
                              1e300,
                              2147483646.5,
                              std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::quiet_NaN()};
  const std::vector<double> want{0,          0,          -1,         2147483647, -2147483648.0,
                                 2147483647, 2147483646, 2147483647, 0};
  std::vector<float> single(x.begin(), x.end());
  std::vector<float> wanted(want.begin(), want.end());
  wanted[6] = 2147483648.0f;  // the index 2^31 - 1: in float32, 2147483646.5 is 2^31
  for (const Variant& v : variants()) {
    if (!v.here) continue;
    EXPECT_EQ(on<double>(v, x, [](const Expr& e) { return cast<double>(attnc::truncated(e)); }),
              want)
        << v.name;
    EXPECT_EQ(on<float>(v, single, [](const Expr& e) { return cast<float>(attnc::truncated(e)); }),
              wanted)
        << v.name;
  }
}

/// Remainders of numbers of both signs, zeros and infinities, against C's fmod.
template <class T>
void remainder_is_as_in_c() {
  constexpr double inf = std::numeric_limits<double>::infinity();
  const double some[] = {5.3, 0.1, -7.25, 3, 1e-3, 1, -0.7, 12345.678, 6, 0.5, 0, inf, -inf, 1e8};
  std::vector<T> numbers, by;
  for (double x : some) {
    for (double y : some) {
      numbers.push_back(static_cast<T>(x)), by.push_back(static_cast<T>(y));
    }
  }
  const auto count = static_cast<int>(numbers.size());
  for (const Variant& v : variants()) {
    if (!v.here) continue;
    Var i("i");
    Func f("f");
    Buffer<T> x(numbers.data(), count), y(by.data(), count);
    f(i) = attnc::remainder_of(x(i), y(i));
    f.vectorize(i, v.lanes, TailStrategy::GuardWithIf);
    Buffer<T> out = f.realize({count}, Target(std::string(v.halide) + "-jit"));
    for (int k = 0; k < count; ++k) {
      const T want = std::fmod(x(k), y(k));
      if (std::isnan(want))
        EXPECT_TRUE(std::isnan(out(k))) << v.name << ": " << x(k) << " % " << y(k);
      else
        EXPECT_EQ(out(k), want) << v.name << ": " << x(k) << " % " << y(k);
    }
  }
}
TEST(Numerics, RemainderIsAsInC) {
  remainder_is_as_in_c<float>();
  remainder_is_as_in_c<double>();
}

TEST(Numerics, FunctionsEndWellAtInfinityAndKeepNaN) {
  end_well<float>();
  end_well<double>();
}

}  // namespace
