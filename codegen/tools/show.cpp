// show.cpp - attnc show: prints any stage of a layer.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "attn/runtime/cpu.h"
#include "emit/names.h"
#include "halide/emit_kernels.h"
#include "tools/children.h"
#include "tools/commands.h"
#include "tools/show_map.h"
#include "tools/terminal.h"

namespace attnc {
namespace {

using attn::StatusCode;

/// The text of a stage of the kernels, for all paths or for one, and of the projections they call.
Result<std::string> kernel_text(const Plan& plan, const ShowOptions& options) {
  const std::string variant = variant_name(plan.target, plan.pipes);
  std::vector<Job> jobs;
  const auto add = [&](const std::string& what, const auto& describe) {
    jobs.push_back({what, [&options, describe]() -> Result<std::string> {
                      auto folder = TemporaryFolder::make();
                      if (!folder.ok()) return folder.status();
                      Result<KernelText> text = describe(folder->path() + "/kernel.s");
                      if (!text.ok()) return text.status();
                      return options.stage == "algorithm" ? text->algorithm
                             : options.stage == "loops"   ? text->loops
                                                          : text->assembly;
                    }});
  };
  std::set<ProjectionKernel> projections;
  for (size_t i = 0; i < plan.paths.size(); ++i) {
    const Path& path = plan.paths[i];
    if (!options.path.empty() && path.name != options.path) continue;
    projections.merge(projections_of(plan, path));
    add(fmt::format("{} ({}), path {}", plan.layer, variant, path.name),
        [&plan, i, symbol = path_symbol(plan.library, plan.layer, variant, path.name)](
            const std::string& file) {
          return describe_path(plan, static_cast<int>(i), symbol, file);
        });
  }
  if (jobs.empty()) {
    std::string known;
    for (const Path& p : plan.paths)
      known += fmt::format("{}{}", known.empty() ? "" : ", ", p.name);
    return Status(StatusCode::not_found,
                  fmt::format("{} has no path `{}`; it has {}", plan.layer, options.path, known));
  }
  for (const ProjectionKernel& kernel : projections) {
    add(fmt::format("{} ({})", kernel.name(), plan.target),
        [&plan, kernel](const std::string& file) {
          return describe_projection(kernel, plan.target, file);
        });
  }
  const auto results = run_in_children(jobs);
  std::string out;
  for (size_t i = 0; i < results.size(); ++i) {
    if (!results[i].ok()) return results[i].status();
    out += fmt::format("{}---- {}\n{}", i ? "\n" : "", jobs[i].what, *results[i]);
    if (!out.ends_with('\n')) out += '\n';
  }
  return out;
}

Result<std::string> text_of(const ShowOptions& options) {
  const bool whole = options.stage == "config" || options.stage == "graph" ||
                     options.stage == "passes" || options.stage == "plan";
  if (whole && !options.path.empty()) {
    return Status(StatusCode::invalid_argument,
                  fmt::format("--path: the stage {} is of all paths; algorithm, loops and assembly "
                              "are of one",
                              options.stage));
  }
  for (const auto& [option, text] :
       {std::pair("--tuned", options.tuned), {"--processor", options.processor}}) {
    if (!whole || options.stage == "plan" || text.empty()) continue;
    return Status(StatusCode::invalid_argument,
                  fmt::format("{}: the stage {} does not depend on schedules; plan, algorithm, "
                              "loops and assembly do",
                              option, options.stage));
  }
  if (Status s = check_map_options(options); !s.ok()) return s;
  auto schedules = ScheduleSource::with_runs_of(options.tuned);
  if (!schedules.ok()) return schedules.status();
  auto layer = read_layer(options.layer, "");
  if (!layer.ok()) return layer.status();
  if (options.stage == "config") {
    if (layer->configuration.empty()) {
      return Status(StatusCode::invalid_argument,
                    fmt::format("{}: an object holds the graph of a layer, not its configuration",
                                options.layer));
    }
    return layer->configuration;
  }
  auto targets = parse_targets(
      options.target.empty() ? std::vector<std::string>{} : std::vector{options.target},
      layer->machine);
  if (!targets.ok()) return targets.status();
  auto lowered = LoweredLayer::make(*layer);
  if (!lowered.ok()) return lowered.status();
  if (options.stage == "graph") return lowered->stages.graph;
  if (options.stage == "passes") return lowered->stages.passes;
  auto plans = lowered->plans("show", targets->front(), *schedules);
  if (!plans.ok()) return plans.status();
  // The variant that such a processor takes; the last is for any.
  const auto plan = std::find_if(plans->begin(), plans->end() - 1, [&](const Plan& p) {
    return options.processor == attn::pipe_names.at(static_cast<size_t>(p.pipes));
  });
  if (options.stage == "plan") {
    if (options.shape.empty()) return print(*plan);
    auto map = map_text(*plan, options);
    if (!map.ok() || options.json) return map;
    return print(*plan) + *map;
  }
  return kernel_text(*plan, options);
}

}  // namespace

int show(const ShowOptions& options) {
  auto text = text_of(options);
  if (!text.ok()) return fail(text.status());
  fmt::print("{}", *text);  // throws if standard output cannot be written; main reports that
  return 0;
}

}  // namespace attnc
