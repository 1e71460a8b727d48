// The kernels' own functions, on every target whose instructions this CPU has.
#include "halide/numerics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace Halide;

struct Variant {
  const char* name;
  const char* halide;
  int lanes;
  bool here;
};

std::vector<Variant> variants() {
  return {{"baseline", "x86-64-linux", 4, true},
          {"avx2", "x86-64-linux-sse41-avx-avx2-f16c-fma", 8,
           __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")},
          {"avx512", "x86-64-linux-sse41-avx-avx2-f16c-fma-avx512-avx512_skylake", 16,
           __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")}};
}

/// A function of every number, computed by a compiled pipeline.
template <class T>
std::vector<T> on(const Variant& v, const std::vector<T>& x, Expr (*function)(const Expr&)) {
  Var i("i");
  Func f("f");
  Buffer<T> in(static_cast<int>(x.size()));
  std::memcpy(in.data(), x.data(), x.size() * sizeof(T));
  f(i) = function(in(i));
  f.vectorize(i, v.lanes, TailStrategy::GuardWithIf);
  // As kernels are compiled: rounding that functions ask for has to survive.
  Target target(std::string(v.halide) + "-jit");
  Buffer<T> out = f.realize({static_cast<int>(x.size())}, target);
  return {out.data(), out.data() + x.size()};
}
std::vector<float> exp2_on(const Variant& v, const std::vector<float>& x) {
  return on<float>(v, x, attnc::exp2_of_nonpositive);
}

double ulps(float got, double want) {
  const float nearest = static_cast<float>(want);
  const double ulp = std::nextafter(nearest, std::numeric_limits<float>::infinity()) - nearest;
  return std::abs(got - want) / ulp;
}

TEST(Exp2, IsWithinTwoUlpsDownToTheSmallestNormalNumber) {
  std::vector<float> x;
  for (int i = 0; i <= 400000; ++i) x.push_back(-static_cast<float>(i) * (126.0f / 400000));
  for (int i = 0; i <= 400000; ++i) x.push_back(-static_cast<float>(i) / 400000);
  for (const Variant& v : variants()) {
    if (!v.here) continue;
    const std::vector<float> y = exp2_on(v, x);
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      worst = std::max(worst, ulps(y[i], std::exp2(static_cast<double>(x[i]))));
    }
    EXPECT_LE(worst, 2.0) << v.name;
    RecordProperty(std::string("worst_ulp_") + v.name, std::to_string(worst));
  }
}

TEST(Exp2, IsExactForWholeExponentsAndZeroBelowThem) {
  std::vector<float> x;
  for (int n = 0; n >= -126; --n) x.push_back(static_cast<float>(n));
  for (float below : {-127.0f, -127.5f, -128.0f, -1e4f, -1e30f, -3e38f,
                      -std::numeric_limits<float>::infinity()}) {
    x.push_back(below);
  }
  for (const Variant& v : variants()) {
    if (!v.here) continue;
    const std::vector<float> y = exp2_on(v, x);
    for (size_t i = 0; i < x.size(); ++i) {
      const float want = x[i] <= -127 ? 0.0f : std::exp2(x[i]);
      EXPECT_EQ(y[i], want) << v.name << " at " << x[i];
    }
  }
}

TEST(Exp2, KeepsNaNWithAnyPayloadAndSign) {
  std::vector<float> x;
  for (uint32_t bits : {0x7fc00000u, 0xffc00000u, 0x7fc00001u, 0x7fffffffu, 0xffc001ffu}) {
    float f;
    std::memcpy(&f, &bits, sizeof f);
    x.push_back(f);
  }
  x.resize(32, x[0]);
  for (const Variant& v : variants()) {
    if (!v.here) continue;
    const std::vector<float> y = exp2_on(v, x);
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_TRUE(std::isnan(y[i])) << v.name << " number " << i;
    }
  }
}

template <class T>
double worst_ulps(const std::vector<T>& x, const std::vector<T>& y, long double (*want)(long double)) {
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const long double exact = want(x[i]);
    const T nearest = static_cast<T>(exact);
    const T ulp = std::nextafter(std::abs(nearest), std::numeric_limits<T>::infinity()) -
                  std::abs(nearest);
    worst = std::max(worst, static_cast<double>(std::abs(y[i] - exact) / ulp));
  }
  return worst;
}

struct Function {
  const char* name;
  Expr (*expr)(const Expr&);
  long double (*exact)(long double);
  double low, high;  // of float32; float64 likewise
  double ulps;
};
const Function functions[] = {
    {"exp2_of_nonpositive", attnc::exp2_of_nonpositive,
     [](long double v) { return std::exp2(v); }, -126, 0, 2},
    {"exp", attnc::exp_of, [](long double v) { return std::exp(v); }, -87, 88, 2},
    {"exp2", attnc::exp2_of, [](long double v) { return std::exp2(v); }, -126, 127, 2},
    {"tanh", attnc::tanh_of, [](long double v) { return std::tanh(v); }, -12, 12, 4},
    {"tanh of small numbers", attnc::tanh_of, [](long double v) { return std::tanh(v); }, -1e-3,
     1e-3, 4},
    {"sigmoid", attnc::sigmoid_of,
     [](long double v) { return 1 / (1 + std::exp(-v)); }, -80, 80, 4},
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
    EXPECT_EQ((std::vector<T>{0, 0, 0, 1, infinity, infinity, infinity}),
              [&] { auto y = on<T>(v, x, attnc::exp_of); y.pop_back(); return y; }()) << v.name;
    EXPECT_EQ((std::vector<T>{0, 0, 0, 1, infinity, infinity, infinity}),
              [&] { auto y = on<T>(v, x, attnc::exp2_of); y.pop_back(); return y; }()) << v.name;
    EXPECT_EQ((std::vector<T>{-1, -1, -1, 0, 1, 1, 1}),
              [&] { auto y = on<T>(v, x, attnc::tanh_of); y.pop_back(); return y; }()) << v.name;
    EXPECT_EQ((std::vector<T>{0, 0, 0, T(0.5), 1, 1, 1}),
              [&] { auto y = on<T>(v, x, attnc::sigmoid_of); y.pop_back(); return y; }()) << v.name;
    for (const Function& f : functions)
      EXPECT_TRUE(std::isnan(on<T>(v, x, f.expr).back())) << f.name << " on " << v.name;
  }
}
TEST(Numerics, FunctionsEndWellAtInfinityAndKeepNaN) {
  end_well<float>();
  end_well<double>();
}

}  // namespace
