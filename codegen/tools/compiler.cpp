#include "tools/compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "attn/runtime/cpu.h"
#include "emit/names.h"
#include "halide/emit_kernels.h"
#include "halide/schedule.h"
#include "halide/targets.h"
#include "import/config_json.h"
#include "import/import_layer.h"
#include "import/read_file.h"
#include "import/section.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "plan/from_dialect.h"
#include "tools/compile_kernels.h"
#include "transforms/Passes.h"

namespace attnc {
namespace {

using attn::StatusCode;

/// Splits "section.o:encoder" into file and layer, unless a file with the whole name exists.
std::pair<std::string, std::string> split_layer(const std::string& file) {
  const size_t colon = file.find(':', file.rfind('/') == file.npos ? 0 : file.rfind('/'));
  std::error_code ignored;
  if (colon == file.npos || std::filesystem::exists(file, ignored)) return {file, ""};
  return {file.substr(0, colon), file.substr(colon + 1)};
}

bool looks_like_json(const std::string& file, const std::string& bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n");
  return file.ends_with(".json") ||
         (first != bytes.npos && (bytes[first] == '{' || bytes[first] == '['));
}

std::string text_of(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream(text) << module;
  return text + "\n";
}

void keep(const std::vector<char>& taken, Plan& plan) {
  std::vector<Path> kept;
  for (size_t i = 0; i < taken.size(); ++i) {
    if (taken[i]) kept.push_back(std::move(plan.paths[i]));
  }
  plan.paths = std::move(kept);
}

bool stores_scores(const Plan& plan, const Path& path) {
  return std::any_of(path.outputs.begin(), path.outputs.end(),
                     [&](int o) { return plan.outputs.at(static_cast<size_t>(o)).optional; });
}

/// Keeps the paths for these shapes. A path for any number of queries also stays where it is the
/// only one for a shape.
void keep_paths_of(const Shapes& shapes, Plan& plan) {
  const auto serves_same = [](const Path& a, const Path& b) {
    return a.outputs == b.outputs && a.given == b.given && a.absent == b.absent;
  };
  std::vector<char> taken(plan.paths.size());
  for (size_t i = 0; i < plan.paths.size(); ++i) {
    const Path& path = plan.paths[i];
    const auto has_own = [&](KernelFamily family) {
      return std::any_of(plan.paths.begin(), plan.paths.end(), [&](const Path& other) {
        return other.family == family && serves_same(path, other);
      });
    };
    const bool of_shape = path.family == KernelFamily::decode ? shapes.one
                          : path.family == KernelFamily::few
                              ? shapes.few
                              : shapes.many || (shapes.one && !has_own(KernelFamily::decode)) ||
                                    (shapes.few && !has_own(KernelFamily::few));
    taken[i] = stores_scores(plan, path) ? shapes.scores : of_shape;
  }
  keep(taken, plan);
}

}  // namespace

bool serves(const Plan& plan, const Path& path, const ExpectedCall& call) {
  std::set<std::string> outputs;
  for (int o : path.outputs) outputs.insert(plan.outputs.at(static_cast<size_t>(o)).name);
  const auto is_given = [&](int i) {
    return call.inputs.contains(plan.inputs.at(static_cast<size_t>(i)).name);
  };
  return outputs == call.outputs && std::all_of(path.given.begin(), path.given.end(), is_given) &&
         std::none_of(path.absent.begin(), path.absent.end(), is_given) &&
         (path.most_queries == 0 || path.most_queries >= call.queries);
}

void keep_paths_of(const Calls& calls, Plan& plan) {
  std::vector<char> taken(plan.paths.size());
  for (const ExpectedCall& call : calls) {
    const auto first = std::find_if(plan.paths.begin(), plan.paths.end(),
                                    [&](const Path& path) { return serves(plan, path, call); });
    if (first != plan.paths.end()) taken[static_cast<size_t>(first - plan.paths.begin())] = true;
  }
  if (std::find(taken.begin(), taken.end(), true) == taken.end() && !taken.empty()) taken[0] = true;
  keep(taken, plan);
}

Result<std::vector<SourceLayer>> read_layers(const std::string& file, const std::string& space) {
  const auto [path, wanted] = split_layer(file);
  auto bytes = read_file(path, max_object_bytes);
  if (!bytes.ok()) return bytes.status();
  std::vector<SourceLayer> layers;
  if (looks_like_json(path, *bytes)) {
    auto layer = layer_from_json(*bytes, path);
    if (!layer.ok()) return layer.status();
    std::string name =
        identifier(layer->name.empty() ? std::filesystem::path(path).stem().string() : layer->name);
    if (!space.empty()) name = space + "::" + name;
    attn::NamedGraph graph{.name = name,
                           .file = std::filesystem::path(path).filename().string(),
                           .line = 0,
                           .fingerprint = attn::fingerprint(layer->description),
                           .graph = layer->description.graph};
    layers.push_back({std::move(graph), as_source(layer->config), this_machine(),
                      config_of(*layer).dump(2) + "\n"});
  } else {
    auto graphs = layers_of_object(*bytes, path);
    if (!graphs.ok()) return graphs.status();
    const std::string machine = machine_of_object(*bytes);
    for (attn::NamedGraph& graph : *graphs) layers.push_back({std::move(graph), "", machine});
  }
  if (wanted.empty()) return layers;
  std::string known;
  for (SourceLayer& layer : layers) {
    const std::string& name = layer.graph.name;
    if (name == wanted || name.ends_with("::" + wanted)) return std::vector{std::move(layer)};
    known += (known.empty() ? "" : ", ") + name;
  }
  return Status(StatusCode::not_found,
                fmt::format("{} has no layer `{}`; it has {}", path, wanted, known));
}

Result<SourceLayer> read_layer(const std::string& file, const std::string& space) {
  auto layers = read_layers(file, space);
  if (!layers.ok()) return layers.status();
  if (layers->size() == 1) return std::move((*layers)[0]);
  std::string known;
  for (const SourceLayer& layer : *layers) known += (known.empty() ? "" : ", ") + layer.graph.name;
  return Status(StatusCode::invalid_argument,
                fmt::format("{} holds {} layers: choose one as {}:NAME; they are {}", file,
                            layers->size(), file, known));
}

struct LoweredLayer::Module {
  // No threads: children are forked from this process.
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> op;
  uint64_t fingerprint = 0;
};

LoweredLayer::LoweredLayer(std::unique_ptr<Module> module) : module_(std::move(module)) {}
LoweredLayer::LoweredLayer(LoweredLayer&&) noexcept = default;
LoweredLayer& LoweredLayer::operator=(LoweredLayer&&) noexcept = default;
LoweredLayer::~LoweredLayer() = default;

Result<LoweredLayer> LoweredLayer::make(const SourceLayer& layer) {
  LoweredLayer lowered(std::make_unique<Module>());
  std::string complaint;
  mlir::MLIRContext& context = lowered.module_->context;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic& d) {
    if (complaint.empty()) complaint = d.str();
    return mlir::success();
  });
  const attn::NamedGraph& g = layer.graph;
  auto module = importLayer(context, g.graph, g.name, g.file, g.line, g.fingerprint);
  if (!module.ok()) return module.status();
  lowered.stages.graph = text_of(**module);
  const auto show = [&](llvm::StringRef pass, llvm::StringRef text) {
    if (!lowered.stages.passes.empty()) lowered.stages.passes += "\n";
    lowered.stages.passes += fmt::format("// ---- {}\n{}\n", pass.str(), text.str());
  };
  if (mlir::failed(ir::runPipeline(**module, show))) {
    return Status(StatusCode::internal,
                  fmt::format("internal error in the passes for {}: {}; please report it with\n{}",
                              g.name, complaint, lowered.stages.graph));
  }
  lowered.stages.final = text_of(**module);
  lowered.module_->op = *std::move(module);
  lowered.module_->fingerprint = g.fingerprint;
  return lowered;
}

Work LoweredLayer::work() const { return workOf(*module_->op); }

Result<ChosenSchedule> LoweredLayer::schedule(const std::string& target,
                                              const ScheduleSource& schedules, int pipes) const {
  return schedules.of(module_->fingerprint, work(), target, pipes);
}

Result<Plan> LoweredLayer::plan(const std::string& library, const std::string& target,
                                const ScheduleSource& schedules, int pipes) const {
  auto chosen = schedule(target, schedules, pipes);
  if (!chosen.ok()) return chosen.status();
  auto plan = planFromModule(*module_->op, library, target, adapted(chosen->row, work().dtype));
  if (!plan.ok()) return plan.status();
  plan->schedule_from = std::move(chosen->from);
  plan->tuned = chosen->tuned;
  plan->pipes = pipes;
  return plan;
}

Result<std::vector<Plan>> LoweredLayer::plans(const std::string& library, const std::string& target,
                                              const ScheduleSource& schedules) const {
  auto general = plan(library, target, schedules);
  if (!general.ok()) return general.status();
  std::vector<Plan> plans;
  const int kinds = has_variants_by_pipes(*find_target(target)) ? 2 : 0;
  for (int pipes = 1; pipes <= kinds; ++pipes) {
    auto own = schedule(target, schedules, pipes);
    if (!own.ok()) return own.status();
    if (adapted(own->row, work().dtype) == general->schedule) continue;
    auto variant = plan(library, target, schedules, pipes);
    if (!variant.ok()) return variant.status();
    plans.push_back(*std::move(variant));
    general->schedule_from.push_back(fmt::format("processors with {} pipe{} take the variant {}",
                                                 pipes, pipes == 1 ? "" : "s",
                                                 variant_name(target, pipes)));
  }
  plans.push_back(*std::move(general));
  return plans;
}

std::vector<Result<Compiled>> compile_all(const std::vector<LibraryRequest>& requests,
                                          const Progress& progress) {
  std::vector<Result<Compiled>> out;
  // First all plans, so that a layer that cannot be compiled costs nothing; then all kernels in
  // parallel.
  for (const LibraryRequest& request : requests) {
    Compiled compiled;
    compiled.parts.name = request.name;
    compiled.parts.sanitizer = request.sanitizer == Sanitizer::address  ? "__asan_"
                               : request.sanitizer == Sanitizer::thread ? "__tsan_"
                                                                        : "";
    Status failure;
    for (const SourceLayer& layer : request.layers) {
      auto lowered = LoweredLayer::make(layer);
      if (!lowered.ok()) {
        failure = lowered.status();
        break;
      }
      LayerParts parts;
      for (const std::string& target : request.targets) {
        auto plans = lowered->plans(request.name, target, request.schedules);
        failure = plans.status();
        if (!failure.ok()) break;
        for (Plan& plan : *plans) {
          keep_paths_of(request.shapes, plan);
          if (layer.calls) keep_paths_of(*layer.calls, plan);
          if (plan.paths.empty()) {
            failure = Status(StatusCode::invalid_argument,
                             fmt::format("layer {} has no kernel of the shapes that are asked for: "
                                         "it needs `many`",
                                         plan.layer));
            break;
          }
          parts.variants.push_back(
              {std::move(plan), find_target(target)->cpu, target_triple(target), {}});
        }
        if (!failure.ok()) break;
      }
      if (!failure.ok()) break;
      compiled.stages.push_back(std::move(lowered->stages));
      compiled.parts.layers.push_back(std::move(parts));
    }
    if (failure.ok())
      out.push_back(std::move(compiled));
    else
      out.push_back(failure);
  }
  compile_kernels(requests, out, progress);
  return out;
}

Result<Compiled> compile(const LibraryRequest& request, const Progress& progress) {
  return std::move(compile_all({request}, progress)[0]);
}

Result<std::vector<std::string>> parse_targets(const std::vector<std::string>& asked,
                                               const std::string& machine) {
  std::vector<std::string> out;
  for (const TargetInfo& t : targets()) {
    if (asked.empty() ? machine == t.machine
                      : std::find(asked.begin(), asked.end(), t.name) != asked.end()) {
      out.emplace_back(t.name);
    }
  }
  for (const std::string& a : asked) {
    if (!find_target(a)) {
      return Status(StatusCode::invalid_argument,
                    fmt::format("there is no target `{}`; there are {}", a, target_list()));
    }
  }
  if (out.empty()) {
    return Status(StatusCode::unsupported,
                  fmt::format("attnc has no target for {}; there are {}", machine, target_list()));
  }
  for (const std::string& t : out) {
    if (target_machine(t) != target_machine(out[0])) {
      return Status(StatusCode::invalid_argument,
                    fmt::format("the targets {} ({}) and {} ({}) cannot be in one library: build "
                                "one for each machine",
                                out[0], target_machine(out[0]), t, target_machine(t)));
    }
  }
  return out;
}

Result<std::string> machine_of(const std::vector<SourceLayer>& layers) {
  for (const SourceLayer& layer : layers) {
    if (layer.machine != layers[0].machine) {
      return Status(
          StatusCode::invalid_argument,
          fmt::format("layer {} comes from a file for {}, and {} from one for {}: one library is "
                      "for one machine",
                      layers[0].graph.name, layers[0].machine, layer.graph.name, layer.machine));
    }
  }
  return layers.empty() ? this_machine() : layers[0].machine;
}

bool runs_here(const std::string& target) {
  const TargetInfo* t = find_target(target);
  return t && t->machine == this_machine() && (t->cpu & ~attn::cpu_features()) == 0;
}

Result<std::string> target_here(const std::string& asked) {
  if (!asked.empty()) {
    auto targets = parse_targets({asked}, this_machine());
    if (!targets.ok()) return targets.status();
    if (!runs_here(targets->front())) {
      return Status(StatusCode::unsupported,
                    fmt::format("this processor does not run target {}", asked));
    }
    return targets->front();
  }
  for (const TargetInfo& t : targets()) {
    if (runs_here(t.name)) return std::string(t.name);
  }
  return Status(StatusCode::unsupported, "this processor runs no target of attnc");
}

}  // namespace attnc
