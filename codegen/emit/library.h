// library.h - makes a library from plans and kernel objects: the archive that an application links.
//
//   attnc::LibraryParts parts{.name = "my_layers",
//                             .layers = {{.variants = {avx512, avx2, baseline}}}};
//   attnc::Result<std::string> archive = attnc::make_library(parts);   // libmy_layers.a, its bytes
//
// For every layer the archive holds an object with its attn_layer_table (kernel_abi.h) and its
// kernel objects. One more object holds the functions through which kernels reach the runtime:
// kernels import halide_malloc, halide_free and halide_do_par_for, which become calls through the
// attn_call of the current call. Only the tables are visible symbols. The same parts give the same
// bytes. Not here: how kernels are made (halide/emit_kernels.h), the typed header (header.h).
#pragma once
#include <string>
#include <vector>

#include "attn/runtime/kernel_abi.h"
#include "attn/runtime/status.h"
#include "plan/plan.h"
#include "plan/projection_kernel.h"

namespace attnc {

using attn::Result;
using attn::Status;

struct Kernel {
  std::string symbol;  // path_symbol(...); the object defines it with _argv and _workspace_argv
  std::string object;  // the object file's bytes
  std::vector<attn_argument> arguments;
};

/// A kernel that paths call.
struct SharedKernel {
  std::string target;
  ProjectionKernel kernel;  // its name() is what the object defines, and what paths import
  std::string object;       // the object file's bytes
};

struct Variant {
  Plan plan;
  uint64_t cpu = 0;  // ATTN_CPU_...
  std::string triple;
  std::vector<Kernel> kernels;  // one for each of plan.paths
};

struct LayerParts {
  // Best first, of a target the one for any processor last; all of one layer.
  std::vector<Variant> variants;
};

struct LibraryParts {
  std::string name;
  std::vector<LayerParts> layers;
  std::string sanitizer;  // "__tsan_": kernels may import functions with this prefix; "": none
  std::vector<SharedKernel> shared{};  // of all layers' paths, each once for a target
};

Result<std::string> make_library(const LibraryParts& parts);

/// The object with which attn::open can read a shared library made of the archive. It defines
/// `attn_library_directory`, the list of the library's tables. It is not in the archive, because a
/// program may link many archives.
Result<std::string> make_directory_object(const LibraryParts& parts);

/// The object with one layer's table, as make_library adds it to the archive. Exposed for tests.
Result<std::string> make_table_object(const LibraryParts& parts, const LayerParts& layer);

}  // namespace attnc
