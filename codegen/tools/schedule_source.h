// schedule_source.h - which numbers a layer's kernels on a target are made with, and why. All commands
// ask here.
//
//   auto schedules = attnc::ScheduleSource::with_runs_of("tune.db");   // "": the schedule files alone
//   if (!schedules.ok()) return schedules.status();   // "tune.db: there is no such file"
//   auto chosen = schedules->of(fingerprint, lowered.work(), "avx512");
//   plan(attnc::adapted(chosen->row, dtype));
//   chosen->from;   // {"codegen/schedules/avx512.txt:4, for any dtype and head size",
//                   //  "numbers of tune.db: run of 2026-11-27 on AMD EPYC (T=512,S=512,E=768): 0.92 "
//                   //  "of the time"}
//
// A file of measured runs is read once, so a tuner may write to it meanwhile. The schedule files of
// $ATTNC_SCHEDULES are read for each layer.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attn/runtime/status.h"
#include "plan/plan.h"
#include "plan/schedule.h"

namespace attnc {

using attn::Result;
using attn::Status;

struct TunedRun;

struct ChosenSchedule {
  Schedule row;                   // as in a schedule file, so before adapted() (halide/schedule.h)
  std::vector<std::string> from;  // Plan::schedule_from
  bool tuned = false;             // Plan::tuned
};

class ScheduleSource {
 public:
  /// The row of the target's schedule file.
  ScheduleSource() = default;
  /// These numbers, for every layer and target: what a tuner tries.
  ScheduleSource(const Schedule& row) : row_(row) {}  // NOLINT: stands for a row
  /// The row of the target's schedule file, with the numbers of the runs for this layer and target
  /// (tune/export.h). `database` is a file of `attnc tune`; "": none.
  static Result<ScheduleSource> with_runs_of(const std::string& database);

  /// For processors with so many multiply-add pipes; 0: for any.
  Result<ChosenSchedule> of(uint64_t fingerprint, const Work& work, const std::string& target,
                            int pipes = 0) const;

  /// A text that differs if of() differs. It contains neither the files' names nor runs for other
  /// layers.
  Result<std::string> key_of(uint64_t fingerprint, const std::string& target) const;

 private:
  std::optional<Schedule> row_;
  std::string database_;  // its name without folders
  std::shared_ptr<const std::vector<TunedRun>> runs_;
};

}  // namespace attnc
