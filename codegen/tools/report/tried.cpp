#include "tools/report/tried.h"

#include <fmt/format.h>

#include "import/printable.h"
#include "plan/schedule_text.h"
#include "tools/report/read_json.h"
#include "tools/tune/space.h"

namespace attnc::report {
namespace {

/// Of a number in queries, keys and values; 0 for a name that attnc does not have.
double bytes_of_number(const std::string& dtype) {
  if (dtype == "float64") return 8;
  if (dtype == "float32") return 4;
  return dtype == "float16" || dtype == "bfloat16" ? 2 : 0;
}

std::string why_not_in_roofline(const TuningRun& run, double intensity) {
  if (uses_from_text(run.families).value_or(0) & use_projections)
    return "with projections, the bytes of whose weights are not recorded";
  if (run.operations == 0) return "operations are not counted";
  if (run.fma_gflops == 0 || run.read_gbps == 0) return "the machine's limits are not recorded";
  if (intensity == 0) return "lengths are not recorded, or calls differ in their operations a byte";
  return "";
}

}  // namespace

double attention_intensity(const TuningRun& run) {
  const double bytes = bytes_of_number(run.dtype);
  const auto calls = work_from_text(run.work);
  if (bytes == 0 || !calls || calls->empty()) return 0;
  double intensity = 0;
  for (const KernelWork& call : *calls) {
    // A form in which no product of lengths can be too large.
    const double one = 2 / (bytes * (1 / call.rows + 1 / call.keys));
    if (intensity != 0 && one != intensity) return 0;
    intensity = one;
  }
  return intensity;
}

Result<std::vector<TriedRun>> tried_in(const std::vector<TunedRun>& runs, const std::string& file) {
  std::vector<TriedRun> out;
  for (const TunedRun& run : runs) {
    const auto impossible = [&](const std::string& what) {
      return Status(attn::StatusCode::invalid_file,
                    fmt::format("{}: run {} of {}: {} can be no measurement", file, run.run.name,
                                in_quotes(run.run.layer), what));
    };
    for (const auto& [value, what] : {std::pair{run.run.operations, "its number of operations"},
                                      {run.run.fma_gflops, "its multiply-add limit"},
                                      {run.run.read_gbps, "its reading bandwidth"}}) {
      if (value != 0 && !can_be_measured(value)) return impossible(what);
    }
    TriedRun tried{.run = &run, .number = out.size() + 1, .found = {}, .schedules = {}};
    const Trial* start = start_of(run);
    double best = start ? start->seconds : 0;
    for (const Trial& trial : run.trials) {
      const bool compared = &trial == start || trial.ratio != 0;
      if (!start || trial.seconds == 0 || !compared) continue;
      const double seconds = &trial == start ? best : best * trial.ratio;
      if (!can_be_measured(seconds) || !can_be_measured(trial.seconds))
        return impossible(fmt::format("the time of trial {}", trial.number));
      if (trial.accepted) best = seconds;
      tried.schedules.push_back({trial.number, seconds, trial.accepted});
    }
    tried.found = found_in(run);
    if (tried.found && !can_be_measured(tried.found->after))
      return impossible("the time of its winner");
    if (gain_of(run)) {
      const int winner = winner_of(run.trials)->number;
      for (size_t i = 0; i < tried.schedules.size(); ++i)
        if (tried.schedules[i].trial == winner) tried.winner = i;
    }
    const double intensity = attention_intensity(run.run);
    tried.not_in_roofline = why_not_in_roofline(run.run, intensity);
    if (tried.not_in_roofline.empty()) tried.operations_a_byte = intensity;
    out.push_back(std::move(tried));
  }
  return out;
}

}  // namespace attnc::report
