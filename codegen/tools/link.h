// link.h - shared libraries, through the C compiler that is there: $CC, which may be "ccache gcc",
// else cc.
//
//   Status s = attnc::link_shared({"libmy_layers.a"},
//                                 {.file = "libmy_layers.so", .soname = "libmy_layers.so"});
//
// Not here: what goes into them (emit/library.h).
#pragma once
#include <string>
#include <vector>

#include "attn/runtime/status.h"

namespace attnc {

using attn::Result;
using attn::Status;

struct SharedLibrary {
  std::string file;
  std::string soname;   // empty: none
  std::string machine;  // for the sentence where the compiler is one for another: "aarch64"
};

/// The words of $CC, else "cc".
std::vector<std::string> c_compiler();

/// not_found, and what to do, where there is no C compiler: to be asked before the kernels are
/// made.
Status need_c_compiler();

/// Everything in `inputs`, objects and archives, as one shared library that needs the C library
/// alone.
Status link_shared(const std::vector<std::string>& inputs, const SharedLibrary& library);

}  // namespace attnc
