// cpu.h - what this processor can do: its features, as the bits of kernel_abi.h, and its pipes.
//
//   if ((variant.cpu & ~attn::cpu_features()) == 0) ...   // the variant runs here
//
// Features are not cached: every call reads them again, which takes a few loads. They are 0 on
// anything but x86-64.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "attn/runtime/status.h"

namespace attn {

/// The ATTN_CPU_... bits that both the processor and the operating system support.
uint64_t cpu_features();

/// A set of ATTN_CPU_... bits as text: "AVX2, FMA". Unknown bits are written as "bit 17".
std::string describe_cpu_features(uint64_t features);

/// The kinds of processors that a target's variants tell apart: how many multiply-adds of whole
/// vectors one starts in a cycle. That number is the index; 0 stands for any processor.
inline constexpr std::array<const char*, 3> pipe_names = {"any", "one_pipe", "two_pipes"};

/// How many pipes this processor has for code that needs these features, 1 or 2: with AVX-512 those
/// for vectors of 512 bits, else those for 256 bits. 0 without FMA, as such code is the same for
/// all processors. By the processor's family and model; a model that is not known is measured, once
/// in a process, which takes less than a millisecond.
///
/// The environment variable ATTN_PROCESSOR takes precedence: one of pipe_names, in which `any` gives
/// 0. invalid_argument: it is something else.
Result<int> cpu_pipes(uint64_t features);

}  // namespace attn
