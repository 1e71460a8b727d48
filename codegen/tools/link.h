// link.h - links shared libraries with the C compiler: $CC, which may be several words ("ccache
// gcc"), else cc.
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
  std::string machine;  // "aarch64": named in the message if linking fails; empty: not named
};

/// The words of $CC, else "cc".
std::vector<std::string> c_compiler();

/// not_found, with advice, if there is no C compiler. Call it before making the kernels.
Status need_c_compiler();

/// Links everything in `inputs`, objects and archives, into one shared library that depends on the
/// C library alone.
Status link_shared(const std::vector<std::string>& inputs, const SharedLibrary& library);

}  // namespace attnc
