// replay.cpp - attnc tune --replay: whether the trials of a database follow from their seeds and from
// what was measured. Nothing is compiled or timed.
#include <fmt/format.h>

#include <cstdio>

#include "halide/targets.h"
#include "plan/schedule_text.h"
#include "tools/commands.h"
#include "tools/terminal.h"
#include "tools/tune/database.h"
#include "tools/tune/search.h"

namespace attnc {
namespace {

using attn::StatusCode;

Status damaged(const TuningRun& run, const std::string& why) {
  return {StatusCode::invalid_file, fmt::format("run {}: {}", run.name, why)};
}

/// Searches as the run did, with its reports in place of measurements. `tried` is called with each
/// trial that the search repeats.
template <class Tried>
Status repeat(const TuningRun& run, const std::vector<Trial>& trials, const Tried& tried) {
  const TargetInfo* target = find_target(run.target);
  const auto work = work_from_text(run.work);
  const auto uses = uses_from_text(run.families);
  if (!target) return damaged(run, fmt::format("there is no target `{}`", run.target));
  if (!work || !uses || trials.empty() || trials[0].number != 0)
    return damaged(run, "it does not say what was tuned");
  const ScheduleSpace space(*target, *uses, trials[0].schedule);
  Search search(space, trials[0].schedule, *work, run.seed);
  std::vector<Schedule> batch;
  size_t in_batch = 0;
  for (size_t i = 1; i < trials.size(); ++i) {
    if (in_batch == batch.size()) batch = search.next(), in_batch = 0;
    const Trial& trial = trials[i];
    const bool same = in_batch < batch.size() && trial.number == static_cast<int>(i) &&
                      trial.generation == search.generation() &&
                      text_of(batch[in_batch]) == text_of(trial.schedule);
    if (!same) {
      return damaged(run, fmt::format("trial {} is another one than the search tries now: {}",
                                      trial.number, text_of(trial.schedule)));
    }
    tried(trial);
    search.report(batch[in_batch++], trial.accepted);
  }
  return Status();
}

Status replay_all(const std::string& file) {
  auto database = TuningDatabase::open_to_read(file);
  if (!database.ok()) return database.status();
  auto runs = database->runs();
  if (!runs.ok()) return runs.status();
  for (const TuningRun& run : *runs) {
    auto trials = database->trials(run.name);
    if (!trials.ok()) return trials.status();
    fmt::print("{} ({}, {}), seed {}\n", run.layer, run.target, run.calls, run.seed);
    const Status s = repeat(run, *trials, [](const Trial& t) {
      fmt::print("  {:>3} {}{}\n", t.number, text_of(t.schedule),
                 t.accepted ? fmt::format("  {:.3f}", t.ratio) : "");
    });
    if (!s.ok()) return s.with_context(file);
    fmt::print("  the search repeats all {} trials\n", trials->size());
  }
  return Status();
}

}  // namespace

int replay_tuning(const std::string& file) {
  const Status s = replay_all(file);
  return s.ok() ? 0 : fail(s);
}

}  // namespace attnc
