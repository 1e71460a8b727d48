#include "attn/runtime/cpu.h"

#include <iterator>

#include "attn/runtime/kernel_abi.h"

namespace attn {

// Asked anew each time, which costs a few loads, and kept in no static object: a child of fork
// would wait for one that another thread was making.
uint64_t cpu_features() {
  uint64_t found = 0;
#if defined(__x86_64__)
  // These ask the operating system too: a register file that it does not save counts as absent.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.1")) found |= ATTN_CPU_SSE41;
  if (__builtin_cpu_supports("avx")) found |= ATTN_CPU_AVX;
  if (__builtin_cpu_supports("f16c")) found |= ATTN_CPU_F16C;
  if (__builtin_cpu_supports("fma")) found |= ATTN_CPU_FMA;
  if (__builtin_cpu_supports("avx2")) found |= ATTN_CPU_AVX2;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw")) {
    found |= ATTN_CPU_AVX512;
  }
#endif
  return found;
}

std::string describe_cpu_features(uint64_t features) {
  static constexpr const char* names[] = {"SSE4.1", "AVX", "F16C", "FMA", "AVX2", "AVX-512"};
  std::string text;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((features >> bit & 1) == 0) continue;
    if (!text.empty()) text += ", ";
    text += bit < std::size(names) ? names[bit] : "bit " + std::to_string(bit);
  }
  return text;
}

}  // namespace attn
