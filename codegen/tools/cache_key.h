// cache_key.h - what an entry of the cache is found by: all that changes a kernel.
//
//   auto key = attnc::cache_key(layer, "avx2");   // "0123456789abcdef-avx2-fedcba9876543210"
//
// It counts the layer's graph (its fingerprint) and name, the target, the calls that it is for
// where it is not for all, the target's schedule rows, the code of attnc and of every library that
// it is linked with (Halide, MLIR, LLVM, the mathematics that they fold constants with), the
// variables HL_... that Halide reads, and the words of the C compiler that links. Not in it: that
// compiler's version. A linker copies kernels as they are.
#pragma once
#include <string>

#include "tools/compiler.h"

namespace attnc {

/// A part of a file's name: fingerprint, target, and a hash of the rest. Another key for whatever
/// makes other kernels. A sentence where $ATTNC_SCHEDULES names no rows for the target.
Result<std::string> cache_key(const SourceLayer& layer, const std::string& target,
                              const std::optional<Calls>& calls = {});

}  // namespace attnc
