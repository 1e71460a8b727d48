// cache_key.h - the key of a cache entry: everything that changes a kernel.
//
//   auto key = attnc::cache_key(layer, "avx2", schedules);   // "0123456789abcdef-avx2-fedc..."
//
// It covers the layer's graph (by its fingerprint) and name, the target, the calls that it
// is for if not for all, the target's schedule rows and the numbers that measured runs have for the
// layer, the code of attnc and of every library that it is linked with (Halide, MLIR, LLVM, libm,
// with which they fold constants), the variables HL_... that Halide reads, and the command of the C
// compiler that links. It does not cover that compiler's version: a linker copies kernels unchanged.
#pragma once
#include <string>

#include "tools/compiler.h"

namespace attnc {

/// The code of attnc and of its libraries, and the variables HL_...: the part of every key that is
/// not the layer's. An error if a file cannot be read.
Result<std::string> compiler_identity();

/// Part of a file name: fingerprint, target and a hash of the rest. Whatever changes kernels
/// changes the key. An error if $ATTNC_SCHEDULES has no file for the target.
Result<std::string> cache_key(const SourceLayer& layer, const std::string& target,
                              const ScheduleSource& schedules = {});

}  // namespace attnc
