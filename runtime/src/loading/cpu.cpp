#include "attn/runtime/cpu.h"

#include "attn/runtime/kernel_abi.h"

// __builtin_cpu_supports asks the operating system too: a feature whose registers it does not save
// counts as absent.
#if defined(__x86_64__)
#define ATTN_CPU_HAS(feature) (__builtin_cpu_supports(feature) != 0)
#else
#define ATTN_CPU_HAS(feature) false
#endif

namespace attn {
namespace {

struct Feature {
  uint64_t bit;
  const char* name;
  bool (*present)();
};
constexpr Feature known[] = {
    {ATTN_CPU_SSE41, "SSE4.1", [] { return ATTN_CPU_HAS("sse4.1"); }},
    {ATTN_CPU_AVX, "AVX", [] { return ATTN_CPU_HAS("avx"); }},
    {ATTN_CPU_F16C, "F16C", [] { return ATTN_CPU_HAS("f16c"); }},
    {ATTN_CPU_FMA, "FMA", [] { return ATTN_CPU_HAS("fma"); }},
    {ATTN_CPU_AVX2, "AVX2", [] { return ATTN_CPU_HAS("avx2"); }},
    {ATTN_CPU_AVX512, "AVX-512",
     [] {
       return ATTN_CPU_HAS("avx512f") && ATTN_CPU_HAS("avx512cd") && ATTN_CPU_HAS("avx512vl") &&
              ATTN_CPU_HAS("avx512dq") && ATTN_CPU_HAS("avx512bw");
     }},
};

}  // namespace

// Computed on every call, which costs a few loads, instead of being cached in a static local: a
// child of fork would wait forever for one that another thread was initialising.
uint64_t cpu_features() {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  uint64_t found = 0;
  for (const Feature& feature : known) {
    if (feature.present()) found |= feature.bit;
  }
  return found;
}

std::string describe_cpu_features(uint64_t features) {
  std::string text;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((features >> bit & 1) == 0) continue;
    if (!text.empty()) text += ", ";
    std::string name = "bit " + std::to_string(bit);
    for (const Feature& feature : known) {
      if (feature.bit == uint64_t{1} << bit) name = feature.name;
    }
    text += name;
  }
  return text;
}

}  // namespace attn
