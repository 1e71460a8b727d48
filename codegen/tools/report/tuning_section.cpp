// The runs of a database: what they found, the roofline, and all schedules that were tried.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tools/report/charts.h"
#include "tools/report/markup.h"
#include "tools/report/page.h"

namespace attnc::report {
namespace {

std::string threads_text(const TuningRun& run) {
  return counted(static_cast<size_t>(run.threads), "thread");
}

/// Lengths of calls as markup that can be broken between them.
std::string calls_text(const TuningRun& run) {
  std::string out;
  for (const char c : escaped(run.calls))
    out += c == ',' ? std::string(",<wbr/>") : std::string(1, c);
  return out;
}

/// With spaces at which lines do not break, but after commas.
std::string changes_text(const Found& found) {
  std::string out;
  for (const Change& c : found.changes) {
    out += fmt::format("{0}{2}{1}{3}{1}→{1}{4}", out.empty() ? "" : ", ", "\xc2\xa0", c.column,
                       c.before, c.after);
  }
  return out;
}

bool is_faster(const TriedRun& run) { return run.found && run.found->after < run.found->before; }

std::string winners(const std::vector<TriedRun>& runs) {
  Table table({{"run", Column::number},
               {"layer"},
               {"target"},
               {"calls"},
               {"processor"},
               {"date", Column::word},
               {"before", Column::number},
               {"after", Column::number},
               {"gain", Column::number},
               {"of limit", Column::number},
               {"changed"}},
              Table::cards);
  for (const TriedRun& tried : runs) {
    const TuningRun& run = tried.run->run;
    std::vector<std::string> cells = {std::to_string(tried.number),
                                      escaped(run.layer),
                                      escaped(run.target),
                                      calls_text(run),
                                      escaped(run.processor) + ", " + threads_text(run),
                                      escaped(run.started.substr(0, 10))};
    if (tried.found) {
      const Found& found = *tried.found;
      const bool faster = is_faster(tried);
      cells.push_back(time_text(found.before));
      cells.push_back(faster ? time_text(found.after) : "");
      cells.push_back(faster ? number_text(found.before / found.after) + "×" : "none faster");
      cells.push_back(found.of_limit ? percent_text(*found.of_limit) : "");
      cells.push_back(changes_text(found));
    } else {
      cells.insert(cells.end(), {"not measured", "", "", "", ""});
    }
    table.add(cells);
  }
  return table.markup();
}

// ---- the roofline

/// Runs of one processor with as many threads, which have the same limits.
struct RooflineOf {
  std::vector<const TriedRun*> runs;
  double fma_gflops = 0, read_gbps = 0;  // the largest: what else ran then makes them less
};

std::string roofline(const std::string& machine, const RooflineOf& of) {
  const double ridge = of.fma_gflops / of.read_gbps;
  double left = ridge, right = ridge, low = of.fma_gflops, high = of.fma_gflops;
  Series tried{.name = "schedules tried", .colour = 7};
  Series best{
      .name = "the best one, with its run", .mark = Series::Mark::diamond, .colour = winner_colour};
  for (const TriedRun* run : of.runs) {
    const double x = run->operations_a_byte;
    left = std::min(left, x), right = std::max(right, x);
    for (size_t i = 0; i < run->schedules.size(); ++i) {
      const Tried& t = run->schedules[i];
      const double y = run->run->run.operations / t.seconds * 1e-9;
      low = std::min(low, y), high = std::max(high, y);
      const std::string about = fmt::format("run {}, trial {}: {} GFLOP/s, {}", run->number,
                                            t.trial, number_text(y), time_text(t.seconds));
      (i == run->winner ? best : tried)
          .points.push_back({x, y, about, i == run->winner ? std::to_string(run->number) : ""});
    }
  }
  left /= 2, right *= 2;
  const auto roof = [&](double x) { return std::min(of.fma_gflops, x * of.read_gbps); };
  Series limit{.name = "limit of multiply-adds and of reading memory",
               .kind = Series::Kind::line,
               .colour = limit_colour,
               .points = {{left, roof(left), "", ""},
                          {ridge, of.fma_gflops, "", ""},
                          {right, of.fma_gflops, "", ""}}};
  Plot plot{log_axis("operations a byte", left, right, 8),
            log_axis("GFLOP/s", std::min(low, roof(left)) / 1.3, high * 1.3, 8),
            {limit, tried, best}};
  return figure(
      machine,
      svg_of(plot, "Roofline: operations a second of each schedule over operations a byte"),
      legend(plot.series) + fmt::format("{} GFLOP/s of multiply-adds, {} GB/s from memory.",
                                        number_text(of.fma_gflops), number_text(of.read_gbps)));
}

std::string rooflines(const std::vector<TriedRun>& runs) {
  std::map<std::string, RooflineOf> machines;
  std::map<std::string, std::vector<size_t>> left_out;
  for (const TriedRun& tried : runs) {
    if (tried.schedules.empty()) continue;
    const TuningRun& run = tried.run->run;
    if (!tried.not_in_roofline.empty()) {
      left_out[tried.not_in_roofline].push_back(tried.number);
      continue;
    }
    RooflineOf& of = machines[escaped(run.processor) + ", " + threads_text(run)];
    of.runs.push_back(&tried);
    of.fma_gflops = std::max(of.fma_gflops, run.fma_gflops);
    of.read_gbps = std::max(of.read_gbps, run.read_gbps);
  }
  std::string out = "<h3>Roofline</h3>\n";
  if (machines.empty()) {
    out += "<p>No run of attention alone has counted operations and known lengths.</p>\n";
  } else {
    out +=
        "<p>Attention alone. Operations are those of the pairs of query and key that the mask lets "
        "see each other. Bytes are what attention without a mask needs at least: queries, keys "
        "and values, each read once, and outputs, written once. Where a mask hides pairs, a point "
        "therefore lies too far to the right. A point above the slope read from caches.</p>\n"
        "<div class=\"charts\">\n";
    for (const auto& [machine, of] : machines) out += roofline(machine, of);
    out += "</div>\n";
  }
  for (const auto& [why, numbers] : left_out) {
    out += fmt::format("<p class=\"below\">Not in the roofline: {} {}: {}.</p>\n",
                       numbers.size() == 1 ? "run" : "runs", fmt::join(numbers, ", "), why);
  }
  return out;
}

// ---- all trials

std::string trials_chart(const TriedRun& tried) {
  const TuningRun& run = tried.run->run;
  const bool shares = run.operations > 0 && run.fma_gflops > 0;
  const double first = tried.schedules[0].seconds;
  double most = shares ? 0 : 1;
  Series points{.name = "tried", .colour = 7};
  Series best{.name = "best so far", .kind = Series::Kind::steps, .colour = 0};
  Series winner{.name = "winner", .mark = Series::Mark::diamond, .colour = winner_colour};
  const double last = tried.run->trials.back().number;
  for (size_t i = 0; i < tried.schedules.size(); ++i) {
    const Tried& t = tried.schedules[i];
    const double y =
        shares ? 100 * run.operations / (t.seconds * 1e9 * run.fma_gflops) : first / t.seconds;
    most = std::max(most, y);
    const Point p{static_cast<double>(t.trial), y,
                  fmt::format("trial {}: {}, {}", t.trial, time_text(t.seconds),
                              shares ? percent_text(y / 100) + " of the limit"
                                     : number_text(y) + " times as fast as trial 0"),
                  ""};
    if (t.best_so_far) best.points.push_back(p);
    (i == tried.winner && i > 0 ? winner : points).points.push_back(p);
  }
  if (shares && most > 40) most = std::max(most, 100.0);
  best.points.push_back({last, best.points.back().y, "", ""});
  Plot plot{
      close_axis("trial", 0, std::max(last, 1.0), 6),
      linear_axis(shares ? "% of the multiply-add limit" : "speed (trial 0 is 1)", 0, most, 5),
      {points, best}};
  if (!winner.points.empty()) plot.series.push_back(winner);
  const size_t trials = tried.run->trials.size();
  std::string below =
      fmt::format("{}, {}, {}; {}, {} measured", escaped(run.target), escaped(run.calls),
                  threads_text(run), counted(trials, "trial"), tried.schedules.size());
  if (is_faster(tried)) {
    below +=
        fmt::format("; {} → {}", time_text(tried.found->before), time_text(tried.found->after));
  }
  return figure(
      fmt::format("{}. {}", tried.number, escaped(run.layer)),
      svg_of(plot, fmt::format("Run {}: the schedules tried, in their order", tried.number)),
      legend(plot.series) + below + ".");
}

std::string all_trials(const std::vector<TriedRun>& runs) {
  std::string charts;
  for (const TriedRun& run : runs)
    if (!run.schedules.empty()) charts += trials_chart(run);
  if (charts.empty()) return "";
  return "<h3>All schedules that were tried</h3>\n"
         "<p>A point a schedule, in the order of the search. Each was measured beside the best one "
         "before it: its time is that one's times the ratio of the two. It became the best one "
         "only "
         "if it was faster by more than noise. Trials that were not "
         "measured, because they give the same kernels as another one or cannot be built, have no "
         "point. The limit is that of float32 multiply-adds.</p>\n<div class=\"charts\">\n" +
         charts + "</div>\n";
}

}  // namespace

Section tuning_section(const std::vector<TriedRun>& runs, const std::string& database) {
  Section out{"tuning", "Tuned schedules", "", ""};
  size_t faster = 0;
  double gains = 0;
  for (const TriedRun& run : runs) {
    if (!is_faster(run)) continue;
    ++faster, gains += std::log(run.found->before / run.found->after);
  }
  out.summary = fmt::format("{}, {} with something faster", counted(runs.size(), "run"), faster);
  if (faster > 0) {
    out.summary += fmt::format("; these gained {}× (geometric mean)",
                               number_text(std::exp(gains / static_cast<double>(faster))));
  }
  out.body = fmt::format("<p>From <code>{}</code>: a row a run of <code>attnc tune</code>.</p>\n",
                         escaped(name_of_file(database)));
  if (runs.empty()) {
    out.body += "<p>It has no runs.</p>\n";
    return out;
  }
  out.body += "<h3>Winners</h3>\n" + winners(runs) + rooflines(runs) + all_trials(runs);
  return out;
}

}  // namespace attnc::report
