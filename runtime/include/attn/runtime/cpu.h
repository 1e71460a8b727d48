// cpu.h - what the processor that we run on can do, in the words of kernel_abi.h.
//
//   if ((variant.cpu & ~attn::cpu_features()) == 0) ...   // the variant runs here
//
// The processor is asked on every call, which takes a few loads. 0 on anything but x86-64.
#pragma once
#include <cstdint>
#include <string>

namespace attn {

/// The ATTN_CPU_... that processor and operating system both support.
uint64_t cpu_features();

/// "AVX2, FMA" for a set of ATTN_CPU_...; bits without a name as "bit 17".
std::string describe_cpu_features(uint64_t features);

}  // namespace attn
