// library.h - a library from plans and kernel objects: the archive that an application links.
//
//   attnc::LibraryParts parts{.name = "my_layers",
//                             .layers = {{.variants = {avx512, avx2, baseline}}}};
//   attnc::Result<std::string> archive = attnc::make_library(parts);   // libmy_layers.a, its bytes
//
// The archive holds, for every layer, an object with its attn_layer_table (kernel_abi.h) and the
// kernel objects, and one object with the functions through which kernels reach the runtime:
// kernels ask for halide_malloc, halide_free and halide_do_par_for, which become calls through the
// attn_call of the call. Only tables are visible. The same parts give the same bytes. Not here: how
// kernels are made (halide/emit_kernels.h), the typed header (header.h).
#pragma once
#include <string>
#include <vector>

#include "attn/runtime/kernel_abi.h"
#include "attn/runtime/status.h"
#include "plan/plan.h"

namespace attnc {

using attn::Result;
using attn::Status;

struct Kernel {
  std::string symbol;  // path_symbol(...): the object has it with _argv, and with _workspace_argv
  std::string object;  // the object file's bytes
  std::vector<attn_argument> arguments;
};

struct Variant {
  Plan plan;
  uint64_t cpu = 0;  // ATTN_CPU_...
  std::string triple;
  std::vector<Kernel> kernels;  // one for each of plan.paths
};

struct LayerParts {
  std::vector<Variant> variants;  // best first; all of one layer
};

struct LibraryParts {
  std::string name;
  std::vector<LayerParts> layers;
  std::string sanitizer;  // "__tsan_": kernels may ask for functions so called; "": for none
};

Result<std::string> make_library(const LibraryParts& parts);

/// The object that makes a shared library of the archive one that attn::open reads:
/// `attn_library_directory`, the list of its tables. It is no member of the archive: a program may
/// link many of those.
Result<std::string> make_directory_object(const LibraryParts& parts);

/// The object with one layer's table; make_library's own part, for tests and for the curious.
Result<std::string> make_table_object(const LibraryParts& parts, const LayerParts& layer);

}  // namespace attnc
