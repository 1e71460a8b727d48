// show_runs.h - the runs of a database, as `attnc tune show` prints them.
//
//   fmt::print("{}", attnc::text_of(*attnc::tuned_runs(*db)));
//   print_json(attnc::json_of(*attnc::tuned_runs(*db)));
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tools/tune/export.h"

namespace attnc {

/// A line a run: what was tuned, how many trials, the time before and after, and the numbers of the
/// winner that differ from those of trial 0.
std::string text_of(const std::vector<TunedRun>& runs);
/// The same as an array; times in seconds.
nlohmann::ordered_json json_of(const std::vector<TunedRun>& runs);

}  // namespace attnc
