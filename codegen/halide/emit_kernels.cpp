#include "halide/emit_kernels.h"

#include <fmt/format.h>

#include <map>
#include <stdexcept>

#include "halide/describe.h"
#include "halide/guard_runs.h"
#include "halide/halide_target.h"
#include "halide/path_uses.h"
#include "halide/pipeline.h"
#include "halide/workspace.h"
#include "import/read_file.h"

namespace attnc {

using namespace Halide;

namespace {

/// What is compiled, for error messages.
struct Subject {
  std::string name, target;
  const Plan* plan = nullptr;
};

Status internal(const Subject& subject, const std::string& what) {
  return {attn::StatusCode::internal,
          fmt::format("internal error while compiling {} for {}: {}; please report it{}",
                      subject.name, subject.target, what,
                      subject.plan ? " with this plan:\n" + print(*subject.plan) : "")};
}

/// The kernel, and the function that computes how many bytes it allocates.
Module compile(const Plan& plan, int path, const std::string& symbol,
               const EmitOptions& options = {}) {
  const Target target = halide_target(plan.target, options);
  BuiltKernel built = build_path(plan, path);
  GuardRuns guard;
  built.pipeline.add_custom_lowering_pass(&guard, [] {});
  AllocationReader reader;
  built.pipeline.add_custom_lowering_pass(&reader, [] {});
  const Module kernel = built.pipeline.compile_to_module(built.arguments, symbol, target);

  Var i("i");
  Func bytes("bytes");
  bytes(i) =
      over_buffers(select(i == 0, reader.call_bytes(), reader.worker_bytes()), built.buffers);
  bytes.bound(i, 0, 2);
  std::vector<Argument> all = built.arguments;
  const size_t outputs = plan.paths[static_cast<size_t>(path)].outputs.size();
  for (size_t o = built.buffers.size() - outputs; o < built.buffers.size(); ++o) {
    all.emplace_back(built.buffers[o]);
  }
  const Module workspace = Pipeline(bytes).compile_to_module(all, symbol + "_workspace", target);
  Module both = link_modules(symbol, {kernel, workspace});
  // link_modules drops this flag. Without it LLVM folds (x + c) - c, the rounding in exp2, to x.
  both.set_any_strict_float(kernel.any_strict_float());
  return both;
}

Module compile(const ProjectionKernel& kernel, const std::string& target,
               const EmitOptions& options = {}) {
  BuiltKernel built = build_projection(kernel);
  return built.pipeline.compile_to_module(built.arguments, kernel.name(),
                                          halide_target(target, options),
                                          Halide::LinkageType::External);
}

/// Ignores warnings. When Halide instruments for ThreadSanitizer it warns about every update that
/// it may reorder, which our schedules intend; it also warns about 16-bit floats that it computes
/// in float32, which is intended too.
class Silent : public CompileTimeErrorReporter {
 public:
  void warning(const char*) override {}
  [[noreturn]] void error(const char* message) override { throw std::runtime_error(message); }
};

template <class F>
Status guarded(const Subject& subject, const F& f) {
  static Silent silent;
  set_custom_compile_time_error_reporter(&silent);
  try {
    f();
    return {};
  } catch (const Halide::Error& e) {
    return internal(subject, e.what());
  } catch (const std::exception& e) {
    return internal(subject, e.what());
  }
}

/// The pipeline's text, and the assembly of its compiled module.
template <class Build, class Compile>
Result<KernelText> described(const Subject& subject, const std::string& scratch_file,
                             const Build& build, const Compile& compile) {
  KernelText text;
  const Status s = guarded(subject, [&] {
    const BuiltKernel built = build();
    text.algorithm = algorithm_text(built.pipeline);
    text.loops = loop_text(built.pipeline);
    compile().compile({{OutputFileType::assembly, scratch_file}});
  });
  if (!s.ok()) return s;
  Result<std::string> assembly = read_file(scratch_file, size_t{1} << 30);
  if (!assembly.ok()) return assembly.status();
  text.assembly = *std::move(assembly);
  return text;
}

}  // namespace

std::vector<attn_argument> path_arguments(const Plan& plan, int path) {
  const Path& p = plan.paths.at(static_cast<size_t>(path));
  const PathUses uses = uses_of(p);
  std::vector<attn_argument> arguments;
  for (int i : uses.inputs) {
    const PlanTensor& info = plan.inputs.at(static_cast<size_t>(i));
    const bool flag = info.type == attn::Type::truth && info.axes.empty();
    const uint8_t form = flag ? uint8_t{0} : form_of_input(plan, p, i);
    arguments.push_back({static_cast<uint8_t>(flag ? ATTN_ARGUMENT_FLAG : ATTN_ARGUMENT_INPUT),
                         form, static_cast<int16_t>(i)});
  }
  for (int i : uses.packings) {
    arguments.push_back({ATTN_ARGUMENT_PACKED, 0, static_cast<int16_t>(i)});
  }
  for (const auto& [kind, number] : uses.lengths) {
    arguments.push_back(
        {ATTN_ARGUMENT_LENGTH, static_cast<uint8_t>(kind), static_cast<int16_t>(number)});
  }
  for (size_t o = 0; o < p.outputs.size(); ++o) {
    const PlanValue& v = p.values.at(static_cast<size_t>(p.output_values.at(o)));
    arguments.push_back(
        {ATTN_ARGUMENT_OUTPUT, form_of(v.layout), static_cast<int16_t>(p.outputs[o])});
  }
  return arguments;
}

Status emit_path_object(const Plan& plan, int path, const std::string& symbol,
                        const std::string& object_file, const EmitOptions& options) {
  return guarded({plan.layer, plan.target, &plan}, [&] {
    compile(plan, path, symbol, options).compile({{OutputFileType::object, object_file}});
  });
}

Status emit_projection_object(const ProjectionKernel& kernel, const std::string& target,
                              const std::string& object_file, const EmitOptions& options) {
  return guarded({kernel.name(), target}, [&] {
    compile(kernel, target, options).compile({{OutputFileType::object, object_file}});
  });
}

Result<KernelText> describe_path(const Plan& plan, int path, const std::string& symbol,
                                 const std::string& scratch_file) {
  return described(
      {plan.layer, plan.target, &plan}, scratch_file, [&] { return build_path(plan, path); },
      [&] { return compile(plan, path, symbol); });
}

Result<KernelText> describe_projection(const ProjectionKernel& kernel, const std::string& target,
                                       const std::string& scratch_file) {
  return described(
      {kernel.name(), target}, scratch_file, [&] { return build_projection(kernel); },
      [&] { return compile(kernel, target); });
}

Result<std::vector<ProjectionCall>> projection_calls(const Plan& plan, int path) {
  std::vector<ProjectionCall> calls;
  const Status s = guarded({plan.layer, plan.target, &plan}, [&] {
    const BuiltKernel built = build_path(plan, path);
    std::vector<Internal::Function> outputs;
    std::map<std::string, Internal::Function> all;
    for (const Func& f : built.pipeline.outputs()) {
      outputs.push_back(f.function());
      all.merge(Internal::find_transitive_calls(f.function()));
    }
    for (const std::string& name : Internal::realization_order(outputs, all).first) {
      const Internal::Function& f = all.at(name);
      if (f.has_extern_definition()) calls.push_back({f.extern_function_name(), name});
    }
  });
  if (!s.ok()) return s;
  return calls;
}

}  // namespace attnc
