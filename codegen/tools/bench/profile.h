// profile.h - how long each stage of a call takes.
//
//   attnc::Profile profile(pool, names);
//   profile.begin_call();
//   layer->run(inputs, outputs, workspace, {.executor = &profile});
//   for (auto& [stage, seconds] : profile.stages(total_seconds)) ...
//
// A kernel is a sequence of loops, each of which makes one Func: a projection, packed keys, the
// attention. A loop's time is what its caller waits for it, with all threads. Loops in which the
// runtime copies a tensor are the stage "copies". What is left of the calls' time is "rest": code
// between the loops, copies of a single task, handing over to threads.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "attn/runtime/executor.h"
#include "tools/bench/stage_names.h"

namespace attnc {

/// An executor that runs loops on another one and times them.
class Profile final : public attn::Executor {
 public:
  Profile(attn::Executor& inner, StageNames names) : inner_(inner), names_(std::move(names)) {}

  int worker_count() const override { return inner_.worker_count(); }
  void parallel_for(int count, Task task, void* context) override;

  void begin_call();
  void reset() { loops_.clear(); }
  /// The stages since the last reset, in the order of their first loop, and "rest": `total` less all
  /// of them.
  std::vector<std::pair<std::string, double>> stages(double total) const;

 private:
  struct Loop {
    const void* task;  // the kernel's function; null: copies
    size_t number;     // of the times that a call runs this function's loop
    double seconds;
  };
  std::string name_of(const Loop& loop, const std::string& symbol) const;

  attn::Executor& inner_;
  StageNames names_;
  std::vector<Loop> loops_;
  std::map<const void*, size_t> begun_;  // by task: how many loops of this call
};

/// "packed_keys" for "attn_lib_layer_avx512_output_par_for_packed_keys_s0_n_h_task"; the name itself
/// where it is no loop of a kernel.
std::string stage_of_symbol(const std::string& symbol);
/// "project_x" for "attn.lib.avx2.project_x_par_for_projected_s0_r_task": the kernel whose loop it is.
std::string kernel_of_symbol(const std::string& symbol);

}  // namespace attnc
