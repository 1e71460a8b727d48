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

/// exp2_of_nonpositive of every number, computed by a compiled pipeline.
std::vector<float> exp2_on(const Variant& v, const std::vector<float>& x) {
  Var i("i");
  Func f("f");
  Buffer<float> in(static_cast<int>(x.size()));
  std::memcpy(in.data(), x.data(), x.size() * sizeof(float));
  f(i) = attnc::exp2_of_nonpositive(in(i));
  f.vectorize(i, v.lanes, TailStrategy::GuardWithIf);
  Buffer<float> out = f.realize({static_cast<int>(x.size())}, Target(std::string(v.halide) + "-jit"));
  return {out.data(), out.data() + x.size()};
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

}  // namespace
