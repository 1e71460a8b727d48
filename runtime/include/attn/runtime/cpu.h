// cpu.h - the features of this processor, as the bits of kernel_abi.h.
//
//   if ((variant.cpu & ~attn::cpu_features()) == 0) ...   // the variant runs here
//
// Nothing is cached: every call reads the features again, which takes a few loads. The result is 0
// on anything but x86-64.
#pragma once
#include <cstdint>
#include <string>

namespace attn {

/// The ATTN_CPU_... bits that both the processor and the operating system support.
uint64_t cpu_features();

/// A set of ATTN_CPU_... bits as text: "AVX2, FMA". Unknown bits are written as "bit 17".
std::string describe_cpu_features(uint64_t features);

}  // namespace attn
