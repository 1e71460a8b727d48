// export.h - from measured trials to schedules: rows of schedule files, or the schedule of a layer.
//
//   auto files = attnc::schedule_files_of(*db);        // {"avx512": "head_size | dtype | ..."}
//
//   auto runs = attnc::tuned_runs(*db);
//   auto row = attnc::row_for("avx512", 64, 64);
//   attnc::TunedSchedule tuned =
//       attnc::tuned_schedule(*runs, fingerprint, *attnc::find_target("avx512"), row->schedule);
//   plan(attnc::adapted(tuned.schedule, dtype));
//
// A run says something about the kernels that its calls take. So its winner gives only the numbers
// that these kernels read (ScheduleColumn::used_by), and several runs add up: one for many queries,
// one for a single one. Where two runs give the same number, the later one counts. A run whose
// numbers are impossible together with those of later ones is left out. A run in which nothing was
// faster than its trial 0 gives nothing.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "halide/schedule.h"
#include "tools/tune/database.h"

namespace attnc {

struct TunedRun {
  TuningRun run;
  std::vector<Trial> trials;
};

/// All runs with their trials, the earliest first.
Result<std::vector<TunedRun>> tuned_runs(const TuningDatabase& db);

/// Trial 0: what a run began with. Null if it was not measured.
const Trial* start_of(const TunedRun& run);
/// The winner's time as a part of that of trial 0; nothing if it is not less. It is the product of
/// the ratios of all accepted trials, each of which was measured beside the one before it: times of
/// different moments say less.
std::optional<double> gain_of(const TunedRun& run);

/// The runs for exactly this layer and target that have a gain, in the order of `runs`.
std::vector<const TunedRun*> runs_with_gain(const std::vector<TunedRun>& runs, uint64_t fingerprint,
                                            const std::string& target);

/// In neither list: runs all of whose numbers later ones give too.
struct TunedSchedule {
  Schedule schedule;
  std::vector<const TunedRun*> used;      // the earliest first
  std::vector<const TunedRun*> left_out;  // impossible together with those that are used
};

/// `row`, the row of the schedule file that the layer has, with the numbers of the runs for exactly
/// this layer and target. For processors with so many pipes (0: any) the runs on such processors
/// count as later than all others. `runs` as tuned_runs() has them; the result points to them. Like
/// all rows, its numbers are not adapted() yet.
TunedSchedule tuned_schedule(const std::vector<TunedRun>& runs, uint64_t fingerprint,
                             const TargetInfo& target, const Schedule& row, int pipes = 0);

/// For each target that has runs, the text of its schedule file: the rows that there are
/// (schedule_file()), and a row for each dtype, head size and number of pipes of runs that found
/// something faster. It replaces the row for the same layers and processors. Depends on the runs and on those rows alone.
Result<std::map<std::string, std::string>> schedule_files_of(const TuningDatabase& db);

}  // namespace attnc
