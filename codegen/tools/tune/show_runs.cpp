#include "tools/tune/show_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "emit/names.h"
#include "import/printable.h"

namespace attnc {
namespace {

std::string time_text(double seconds) {
  if (seconds >= 1) return fmt::format("{:.3f} s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.3f} ms", seconds * 1e3);
  return fmt::format("{:.2f} us", seconds * 1e6);
}

std::string counted(size_t number, const char* what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string result_text(const std::optional<Found>& found) {
  if (!found) return "not measured";
  std::string out = time_text(found->before);
  const bool faster = found->after < found->before;
  if (faster) {
    out += fmt::format(" -> {} ({:.2f})", time_text(found->after), found->after / found->before);
  }
  if (found->of_limit)
    out += fmt::format("  {:.0f} % of the multiply-add limit", 100 * *found->of_limit);
  out += faster ? "  " : "  nothing faster";
  for (size_t i = 0; i < found->changes.size(); ++i) {
    const Change& c = found->changes[i];
    out += fmt::format("{}{} {} -> {}", i ? ", " : "", c.column, c.before, c.after);
  }
  return out;
}

}  // namespace

std::optional<Found> found_in(const TunedRun& tuned) {
  const Trial* start = start_of(tuned);
  if (!start) return std::nullopt;
  Found found{start->seconds, start->seconds, {}, {}};
  if (const std::optional<double> gain = gain_of(tuned)) {
    const Trial& winner = *winner_of(tuned.trials);
    found.after = start->seconds * *gain;
    for (const ScheduleColumn& c : schedule_columns) {
      const int before = start->schedule.*c.number, after = winner.schedule.*c.number;
      if (before != after) found.changes.push_back({c.name, before, after});
    }
  }
  const TuningRun& run = tuned.run;
  if (run.operations > 0 && run.fma_gflops > 0)
    found.of_limit = run.operations / (found.after * 1e9 * run.fma_gflops);
  return found;
}

std::string text_of(const std::vector<TunedRun>& runs) {
  std::string out;
  for (const TunedRun& tuned : runs) {
    const TuningRun& run = tuned.run;
    out += fmt::format("{}  {}  {}  {}  {}  {}  {}\n", run.started.substr(0, 10),
                       printable(run.layer), variant_name(printable(run.target), run.pipes),
                       printable(run.calls), counted(static_cast<size_t>(run.threads), "thread"),
                       counted(tuned.trials.size(), "trial"), result_text(found_in(tuned)));
  }
  return out;
}

nlohmann::ordered_json json_of(const std::vector<TunedRun>& runs) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const TunedRun& tuned : runs) {
    const TuningRun& run = tuned.run;
    nlohmann::ordered_json one = {
        {"run", run.name},
        {"started", run.started},
        {"version", run.version},
        {"layer", run.layer},
        {"fingerprint", fmt::format("{:#018x}", run.fingerprint)},
        {"target", run.target},
        {"dtype", run.dtype},
        {"head_size", run.head_size},
        {"families", run.families},
        {"calls", run.calls},
        {"processor", run.processor},
        {"pipes", run.pipes},
        {"l2_kib", run.l2_kib},
        {"threads", run.threads},
        {"trials", tuned.trials.size()},
        {"measured", std::count_if(tuned.trials.begin(), tuned.trials.end(),
                                   [](const Trial& t) { return t.seconds > 0; })}};
    if (const std::optional<Found> found = found_in(tuned)) {
      one["seconds_before"] = found->before;
      one["seconds_after"] = found->after;
      one["ratio"] = found->after / found->before;
      if (found->of_limit) one["of_fma_limit"] = *found->of_limit;
      one["changes"] = nlohmann::ordered_json::object();
      for (const Change& c : found->changes)
        one["changes"][c.column] = {{"before", c.before}, {"after", c.after}};
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace attnc
