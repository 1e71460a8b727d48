// show_runs.h - the runs of a database, as `attnc tune show` prints them.
//
//   fmt::print("{}", attnc::text_of(*attnc::tuned_runs(*db)));
//   print_json(attnc::json_of(*attnc::tuned_runs(*db)));
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tools/tune/export.h"

namespace attnc {

/// A number of the schedule in which the winner and trial 0 differ.
struct Change {
  const char* column;
  int before, after;
};

/// What was found: times of trial 0 and of the winner, which is trial 0 where nothing is faster.
struct Found {
  double before = 0, after = 0;
  std::optional<double> of_limit;  // operations a second, as a part of the multiply-add limit
  std::vector<Change> changes;
};
/// Nothing if trial 0 was not measured.
std::optional<Found> found_in(const TunedRun& tuned);

/// A line a run: what was tuned, how many trials, the time before and after, and the numbers of the
/// winner that differ from those of trial 0.
std::string text_of(const std::vector<TunedRun>& runs);
/// The same as an array; times in seconds.
nlohmann::ordered_json json_of(const std::vector<TunedRun>& runs);

}  // namespace attnc
