// problem.h - what `attnc tune` works on: layers, and the calls that each is to be fast for.
//
//   auto problems = attnc::problems_of(options, "avx512");
//   for (attnc::TuningProblem& p : *problems) { p.layer, p.calls, p.uses ... }
#pragma once
#include <string>
#include <vector>

#include "tools/commands.h"
#include "tools/tune/made_call.h"
#include "tools/tune/space.h"

namespace attnc {

struct TuningProblem {
  SourceLayer layer;  // to be compiled for these calls only
  LoweredLayer lowered;
  Schedule start;  // the row that the layer has now
  Plan plan;       // with that row
  std::vector<CallRequest> calls;
  std::vector<KernelWork> work;  // of each call
  std::string shapes;            // all calls in words: "T=512,S=512; T=1,S=4096"
  unsigned uses = 0;             // ScheduleUse: of the kernels that the calls take
  double operations = 0;         // of all calls; 0: not counted
};

/// One problem a layer. Bench cases with the same layer are one problem.
Result<std::vector<TuningProblem>> problems_of(const TuneOptions& options,
                                               const std::string& target);

}  // namespace attnc
