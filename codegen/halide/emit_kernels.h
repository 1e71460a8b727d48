// emit_kernels.h - from one path of a plan, or a projection that paths share, to one object file,
// through one Halide pipeline.
//
//   attnc::Status s = attnc::emit_path_object(plan, 0, "attn_lib_encoder_avx512_output", "out.o");
//
// Halide numbers its temporaries with a counter per process. To get the same bytes on every run,
// emit each path in a child process that has not used Halide before. Not here: the table that
// describes the kernels and the archive (emit/library.h), targets (targets.h), schedules
// (schedule.h).
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

/// A kernel as text, for `attnc show`.
struct KernelText {
  std::string algorithm;  // what is computed: every Func with its definitions
  std::string loops;      // the loop nest after scheduling
  std::string assembly;
};

/// Which sanitizer the memory accesses of kernels are instrumented for; the program is linked with
/// -fsanitize=address or =thread. ThreadSanitizer sees only accesses of up to 16 bytes, which in
/// baseline are all.
enum class Sanitizer { none, address, thread };

struct EmitOptions {
  Sanitizer sanitizer = Sanitizer::none;
};

/// Writes one object with `symbol`, `symbol`_argv (attn_path::run), `symbol`_workspace and
/// `symbol`_workspace_argv (attn_path::workspace). It imports halide_malloc, halide_free and
/// halide_do_par_for, which emit/library.h provides, and the projections that the path calls.
Status emit_path_object(const Plan& plan, int path, const std::string& symbol,
                        const std::string& object_file, const EmitOptions& options = {});

/// Writes one object with the function `kernel.name()`, which paths import. It itself imports
/// halide_do_par_for.
Status emit_projection_object(const ProjectionKernel& kernel, const std::string& target,
                              const std::string& object_file, const EmitOptions& options = {});

/// Writes `scratch_file` and does not remove it.
Result<KernelText> describe_path(const Plan& plan, int path, const std::string& symbol,
                                 const std::string& scratch_file);
Result<KernelText> describe_projection(const ProjectionKernel& kernel, const std::string& target,
                                       const std::string& scratch_file);

/// The projections that a path calls, in the order of its calls. That order is Halide's, and the
/// same in every process.
struct ProjectionCall {
  std::string kernel;  // ProjectionKernel::name
  std::string stage;   // "projected_query"
};
Result<std::vector<ProjectionCall>> projection_calls(const Plan& plan, int path);

/// The arguments of `run` after the attn_call, in order. `workspace` takes the same and one more.
std::vector<attn_argument> path_arguments(const Plan& plan, int path);

}  // namespace attnc
