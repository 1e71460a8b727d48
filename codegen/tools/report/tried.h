// tried.h - the runs of a database as a page draws them: times that can be compared, and how many
// operations attention needs for each byte.
//
//   auto tried = attnc::report::tried_in(*attnc::tuned_runs(*db), "tune.db");
//   for (const TriedRun& run : *tried) { run.run->run.layer, run.schedules, run.found ... }
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tools/tune/export.h"
#include "tools/tune/show_runs.h"

namespace attnc::report {

/// A schedule that was measured.
struct Tried {
  int trial = 0;
  /// The run's first time, times the ratios of the schedules that were the best one before this
  /// one, times its own. These were measured side by side; times of different moments are not
  /// comparable, as the machine may have been busy at one of them.
  double seconds = 0;
  bool best_so_far = false;
};

struct TriedRun {
  const TunedRun* run = nullptr;
  size_t number = 0;             // in the database, from 1
  std::optional<Found> found;    // nothing: trial 0 was not measured, and there are no schedules
  std::vector<Tried> schedules;  // by number of the trial
  size_t winner = 0;             // of `schedules`; 0 if nothing was faster
  double operations_a_byte = 0;  // attention_intensity(); 0: not known
  std::string not_in_roofline;   // why it is 0, or why the run's rate is not known; or ""
};

/// Points to the runs. invalid_file: a run has numbers that nothing measured can have; `file` is for
/// the message.
Result<std::vector<TriedRun>> tried_in(const std::vector<TunedRun>& runs, const std::string& file);

/// Operations for each byte that attention without a mask needs at least. For a key head:
/// 2 rows keys (key size + value size) operations, rows being the queries of all query heads that
/// share the key head; and (rows + keys) (key size + value size) numbers: queries, keys and values,
/// each read once, and outputs, written once. So head sizes cancel out, and how many heads and
/// sequences there are. 0 where the call is unknown, or where several calls differ in it: the
/// database does not tell how much of the work each of them is.
double attention_intensity(const TuningRun& run);

}  // namespace attnc::report
