#include "tools/bench/loops.h"

#include "attn/runtime/cpu.h"
#include "attn/runtime/kernel_abi.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace attnc {
namespace {

// Volatile, so that the compiler cannot compute anything ahead. With a = a * `factor` + `step`,
// accumulators converge to 1/2: neither infinite nor denormal, either of which can be slow.
volatile const float factor = 0.5f, step = 0.25f;

template <class Vector>
float sum_of(const Vector& v) {
  float sum = 0;
  for (size_t i = 0; i < sizeof(v) / sizeof(float); ++i) sum += v[i];
  return sum;
}

#if defined(__x86_64__)

// A multiply-add takes four or five cycles and two can start in each cycle: ten accumulators would
// be enough, and those used here all fit in registers.
[[gnu::target("avx512f")]] float multiply_add_512(int64_t rounds) {
  constexpr int count = 16;
  __m512 a[count];
  const __m512 m = _mm512_set1_ps(factor), s = _mm512_set1_ps(step);
  for (int i = 0; i < count; ++i) a[i] = s * static_cast<float>(i);
  for (int64_t r = 0; r < rounds; ++r) {
    for (int i = 0; i < count; ++i) a[i] = _mm512_fmadd_ps(a[i], m, s);
  }
  for (int i = 1; i < count; ++i) a[0] += a[i];
  return sum_of(a[0]);
}

[[gnu::target("avx512f")]] float read_512(const float* from, size_t count) {
  __m512 a[4] = {};
  for (size_t i = 0; i < count; i += 64) {
    for (size_t j = 0; j < 4; ++j) a[j] = _mm512_add_ps(a[j], _mm512_load_ps(from + i + 16 * j));
  }
  for (int j = 1; j < 4; ++j) a[0] += a[j];
  return sum_of(a[0]);
}

[[gnu::target("avx2,fma")]] float multiply_add_256(int64_t rounds) {
  constexpr int count = 12;
  __m256 a[count];
  const __m256 m = _mm256_set1_ps(factor), s = _mm256_set1_ps(step);
  for (int i = 0; i < count; ++i) a[i] = s * static_cast<float>(i);
  for (int64_t r = 0; r < rounds; ++r) {
    for (int i = 0; i < count; ++i) a[i] = _mm256_fmadd_ps(a[i], m, s);
  }
  for (int i = 1; i < count; ++i) a[0] += a[i];
  return sum_of(a[0]);
}

[[gnu::target("avx2,fma")]] float read_256(const float* from, size_t count) {
  __m256 a[8] = {};
  for (size_t i = 0; i < count; i += 64) {
    for (size_t j = 0; j < 8; ++j) a[j] = _mm256_add_ps(a[j], _mm256_load_ps(from + i + 8 * j));
  }
  for (int j = 1; j < 8; ++j) a[0] += a[j];
  return sum_of(a[0]);
}

#endif

// Without fused multiply-adds: as many multiplications as additions, which the processor runs in
// parallel.
typedef float Four __attribute__((vector_size(16)));

float multiply_add_128(int64_t rounds) {
  constexpr int count = 6;
  Four a[count], b[count];
  const Four m = Four{} + factor * 2, s = Four{} + step;
  for (int i = 0; i < count; ++i) a[i] = b[i] = s * static_cast<float>(i + 1);
  for (int64_t r = 0; r < rounds; ++r) {
    for (int i = 0; i < count; ++i) a[i] *= m, b[i] += s;
  }
  for (int i = 0; i < count; ++i) a[0] += (i > 0 ? a[i] : Four{}) + b[i];
  return sum_of(a[0]);
}

float read_128(const float* from, size_t count) {
  Four a[8] = {};
  for (size_t i = 0; i < count; i += 32) {
    for (size_t j = 0; j < 8; ++j) a[j] += *reinterpret_cast<const Four*>(from + i + 4 * j);
  }
  for (int j = 1; j < 8; ++j) a[0] += a[j];
  return sum_of(a[0]);
}

}  // namespace

Loops widest_loops() {
#if defined(__x86_64__)
  const uint64_t cpu = attn::cpu_features();
  if (cpu & ATTN_CPU_AVX512) return {512, 16 * 16 * 2, multiply_add_512, read_512};
  if ((cpu & ATTN_CPU_AVX2) && (cpu & ATTN_CPU_FMA))
    return {256, 12 * 8 * 2, multiply_add_256, read_256};
#endif
  return {128, 6 * 4 * 2, multiply_add_128, read_128};
}

}  // namespace attnc
