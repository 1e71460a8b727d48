// target.cpp - the targets that attnc knows.
#include "halide/target.h"

#include <algorithm>

#include "halide/internal_check.h"

namespace attnc {

namespace {

struct Entry {
  const char* name;
  const char* machine;   // as LLVM calls it; a library is for one
  const char* features;  // Halide's; none implies a lower one
  uint64_t cpu;
};
constexpr Entry targets[] = {
    {"avx512", "x86_64", "x86-64-linux-sse41-avx-avx2-f16c-fma-avx512-avx512_skylake",
     ATTN_CPU_SSE41 | ATTN_CPU_AVX | ATTN_CPU_F16C | ATTN_CPU_FMA | ATTN_CPU_AVX2 |
         ATTN_CPU_AVX512},
    {"avx2", "x86_64", "x86-64-linux-sse41-avx-avx2-f16c-fma",
     ATTN_CPU_SSE41 | ATTN_CPU_AVX | ATTN_CPU_F16C | ATTN_CPU_FMA | ATTN_CPU_AVX2},
    {"baseline", "x86_64", "x86-64-linux", 0},
    // Every 64-bit ARM has these instructions: nothing to ask the processor for.
    {"neon", "aarch64", "arm-64-linux", 0},
};

const Entry* find(const std::string& name) {
  const auto* e = std::find_if(std::begin(targets), std::end(targets),
                               [&](const Entry& t) { return name == t.name; });
  return e == std::end(targets) ? nullptr : e;
}

}  // namespace

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const Entry& t : targets) names.emplace_back(t.name);
  return names;
}

uint64_t target_cpu_features(const std::string& target) {
  const Entry* e = find(target);
  return e ? e->cpu : 0;
}

std::string target_machine(const std::string& target) {
  const Entry* e = find(target);
  return e ? e->machine : "";
}

std::string target_triple(const std::string& target) {
  return target_machine(target) + "-unknown-linux-gnu";
}

std::string this_machine() {
#if defined(__aarch64__)
  return "aarch64";
#else
  return "x86_64";
#endif
}

Halide::Target halide_target(const std::string& target, const EmitOptions& options) {
  const Entry* e = find(target);
  internal_check(e != nullptr, "unknown target " + target);
  Halide::Target t =
      Halide::Target(e->features)
          .with_feature(Halide::Target::NoRuntime)
          .with_feature(Halide::Target::NoAsserts)
          .with_feature(Halide::Target::NoBoundsQuery)
          .with_feature(Halide::Target::UserContext)
          // Offsets of 64 bits: strides and lengths have 32, their products need not.
          .with_feature(Halide::Target::LargeBuffers);
  if (options.sanitizer == Sanitizer::address) t.set_feature(Halide::Target::ASAN);
  if (options.sanitizer == Sanitizer::thread) t.set_feature(Halide::Target::TSAN);
  return t;
}

}  // namespace attnc
