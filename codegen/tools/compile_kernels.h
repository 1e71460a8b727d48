// compile_kernels.h - the kernels of libraries, compiled in child processes.
//
//   attnc::compile_kernels(requests, libraries);   // libraries[i] is that of requests[i]
#pragma once
#include <vector>

#include "tools/compiler.h"

namespace attnc {

/// Adds the kernels to libraries that have all their plans. A kernel that several need is compiled
/// once, and one that an earlier build left in LibraryRequest::kernels is not compiled again. A
/// failure replaces its own library only.
void compile_kernels(const std::vector<LibraryRequest>& requests,
                     std::vector<Result<Compiled>>& libraries, const Progress& progress);

}  // namespace attnc
