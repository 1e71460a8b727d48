#include "tools/bench/stage_names.h"

#include <sstream>

#include "halide/emit_kernels.h"
#include "tools/children.h"

namespace attnc {

Result<StageNames> stage_names(const SourceLayer& layer, const std::string& target,
                               const ScheduleSource& schedules) {
  auto lowered = LoweredLayer::make(layer);
  if (!lowered.ok()) return lowered.status();
  auto plans = lowered->plans("bench", target, schedules);
  if (!plans.ok()) return plans.status();
  std::vector<Job> jobs;
  for (Plan& plan : *plans) {
    if (layer.calls) keep_paths_of(*layer.calls, plan);
    jobs.push_back({"the stages of " + plan.layer, [&plan]() -> Result<std::string> {
                      auto calls = projection_calls(plan, 0);
                      if (!calls.ok()) return calls.status();
                      std::string text;
                      for (const auto& [kernel, stage] : *calls)
                        text += kernel + " " + stage + "\n";
                      return text;
                    }});
  }
  StageNames names;
  for (const Result<std::string>& text : run_in_children(jobs)) {
    if (!text.ok()) return text.status();
    StageNames of_variant;
    std::istringstream words(*text);
    for (std::string kernel, stage; words >> kernel >> stage;) of_variant[kernel].push_back(stage);
    names.merge(of_variant);  // variants that share a kernel call it in the same order
  }
  return names;
}

}  // namespace attnc
