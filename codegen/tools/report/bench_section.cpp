// The output of `attnc bench`: limits, cases, curves over ranges, and what each stage takes.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "tools/report/charts.h"
#include "tools/report/markup.h"
#include "tools/report/page.h"

namespace attnc::report {
namespace {

using Files = std::vector<BenchFile>;

/// The curve of one file and library in a sweep.
struct Curve {
  size_t file = 0;
  std::string peer;
  std::vector<std::pair<double, const BenchLine*>> cases;
};
/// Cases whose names differ in the number of one axis alone.
struct Sweep {
  std::string prefix;
  char axis = 'T';
  std::vector<Curve> curves;
  double fma_gflops = 0;  // the largest limit of its files
};

const char* name_of_axis(char axis) {
  return axis == 'T' ? "queries" : axis == 'S' ? "keys" : "head size";
}

/// All sweeps in which some curve has two cases or more, in the order of the files.
std::vector<Sweep> sweeps_of(const Files& files) {
  std::vector<Sweep> all;
  std::map<std::pair<std::string, char>, size_t> places;
  for (size_t f = 0; f < files.size(); ++f) {
    for (const BenchLine& line : files[f].lines) {
      const auto c = sweep_case(line.name);
      if (!c || !line.skipped.empty()) continue;
      const auto [at, is_new] = places.try_emplace({c->prefix, c->axis}, all.size());
      if (is_new) all.push_back({c->prefix, c->axis, {}});
      Sweep& sweep = all[at->second];
      auto curve = std::find_if(sweep.curves.begin(), sweep.curves.end(), [&](const Curve& known) {
        return known.file == f && known.peer == line.peer;
      });
      if (curve == sweep.curves.end()) curve = sweep.curves.insert(curve, Curve{f, line.peer, {}});
      curve->cases.emplace_back(c->value, &line);
      sweep.fma_gflops = std::max(sweep.fma_gflops, files[f].machines[line.machine].fma_gflops);
    }
  }
  std::erase_if(all, [](const Sweep& sweep) {
    return std::none_of(sweep.curves.begin(), sweep.curves.end(),
                        [](const Curve& curve) { return curve.cases.size() > 1; });
  });
  for (Sweep& sweep : all) {
    for (Curve& curve : sweep.curves) {
      std::stable_sort(curve.cases.begin(), curve.cases.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
    }
  }
  return all;
}

/// One chart of a sweep: the rate, or with `times` the milliseconds.
std::string sweep_chart(const Sweep& sweep, const Files& files, bool times) {
  double left = 0, right = 0, low = 0, high = 0;
  std::vector<Series> all;
  for (const Curve& curve : sweep.curves) {
    Series series{.kind = Series::Kind::line_with_marks, .colour = static_cast<int>(all.size())};
    if (sweep.curves.size() > 1) {
      series.name = name_of_file(files[curve.file].file);
      if (curve.peer != "attnc") series.name += ", " + curve.peer;
    }
    for (const auto& [x, line] : curve.cases) {
      const double y = times ? line->median * 1e3 : line->gflops;
      left = left == 0 ? x : std::min(left, x), right = std::max(right, x);
      low = low == 0 ? y : std::min(low, y), high = std::max(high, y);
      series.points.push_back({x, y,
                               fmt::format("{} {:g}: {}, {} GFLOP/s", name_of_axis(sweep.axis), x,
                                           time_text(line->median), number_text(line->gflops)),
                               ""});
    }
    all.push_back(std::move(series));
  }
  // Numbers that are about evenly spaced are drawn so; powers of two would crowd at the left.
  const auto& cases = sweep.curves[0].cases;
  const double middle = cases[cases.size() / 2].first;
  const bool wide = right >= 20 * left && middle < left + (right - left) / 4;
  const char* unit = times ? "ms" : "GFLOP/s";
  const std::string x_name = name_of_axis(sweep.axis);
  // A limit far above the curves would leave them flat.
  const bool with_limit = !times && sweep.fma_gflops <= 4 * high;
  if (with_limit) {
    high = std::max(high, sweep.fma_gflops);
    all.push_back(
        {.name = fmt::format("multiply-add limit, {}", number_text(sweep.fma_gflops)),
         .kind = Series::Kind::line,
         .colour = limit_colour,
         .dashed = true,
         .points = {{left, sweep.fma_gflops, "", ""}, {right, sweep.fma_gflops, "", ""}}});
  }
  const bool log_times = times && wide && high > 20 * low;
  const Plot plot{wide ? log_axis(x_name, left, right, 9) : close_axis(x_name, left, right, 8),
                  log_times ? log_axis(unit, low, high, 8) : linear_axis(unit, 0, high, 6), all};
  return figure(fmt::format("{}: {} by {}", escaped(sweep.prefix), unit, x_name),
                svg_of(plot, fmt::format("{}: {} by {}", sweep.prefix, unit, x_name)), legend(all));
}

std::string curves_markup(const std::vector<Sweep>& sweeps, const Files& files) {
  if (sweeps.empty()) return "";
  std::string out =
      "<h3>Ranges</h3>\n<p>Cases that differ in the number of queries, of keys or in the size of a "
      "head. Times are medians.</p>\n<div class=\"charts\">\n";
  for (const Sweep& sweep : sweeps) {
    out += sweep_chart(sweep, files, false);
    if (sweep.axis == 'T') out += sweep_chart(sweep, files, true);
  }
  return out + "</div>\n";
}

// ---- tables

void add_line(Table& table, const BenchFile& file, const BenchLine& line) {
  std::string name = escaped(line.name);
  if (line.peer != "attnc") name += ", " + escaped(line.peer);
  if (!line.skipped.empty()) {
    table.add({name + fmt::format(": <em>skipped, {}</em>", escaped(line.skipped))});
    return;
  }
  const double limit = file.machines[line.machine].fma_gflops;
  table.add({name, time_text(line.median), number_text(line.gflops),
             percent_text(line.gflops / limit), line.least > 0 ? time_text(line.least) : "",
             line.runs > 0 ? fmt::format("{:.0f}", line.runs) : "",
             line.max_error > 0 ? fmt::format("{:.1e}", line.max_error) : ""});
}

/// All cases of a file; those that curves show are folded.
std::string cases_markup(const BenchFile& file, const std::set<const BenchLine*>& in_curves) {
  const std::vector<Column> columns = {{"case"},
                                       {"median", Column::number},
                                       {"GFLOP/s", Column::number},
                                       {"of limit", Column::number},
                                       {"least", Column::number},
                                       {"runs", Column::number},
                                       {"error", Column::number}};
  Table single(columns), ranges(columns);
  for (const BenchLine& line : file.lines)
    add_line(in_curves.contains(&line) ? ranges : single, file, line);
  std::string out =
      fmt::format("<h3>Cases of <code>{}</code></h3>\n", escaped(name_of_file(file.file)));
  for (const BenchMachine& m : file.machines) {
    out += fmt::format("<p>{}: {} GFLOP/s of multiply-adds, {} GB/s from memory.</p>\n",
                       escaped(m.name), number_text(m.fma_gflops), number_text(m.read_gbps));
  }
  if (file.lines.empty()) out += "<p>It has no cases.</p>\n";
  if (!single.empty()) out += single.markup();
  if (!ranges.empty())
    out += folded(counted(in_curves.size(), "case") + " of ranges", ranges.markup());
  return out;
}

// ---- stages

std::string stages_markup(const Files& files) {
  // A stage has the same colour in all bars.
  std::vector<Series> names;
  std::map<std::string, int> colour_of;
  std::string bars;
  Table table({{"stage"}, {"time", Column::number}, {"share", Column::number}});
  for (const BenchFile& file : files) {
    for (const BenchLine& line : file.lines) {
      if (line.stages.empty()) continue;
      double all = 0;
      for (const auto& [stage, seconds] : line.stages) all += seconds;
      std::string name = escaped(line.name);
      if (files.size() > 1)
        name += fmt::format(" (<code>{}</code>)", escaped(name_of_file(file.file)));
      std::vector<Part> parts;
      table.add_group(fmt::format("{}, {}", name, time_text(all)));
      for (const auto& [stage, seconds] : line.stages) {
        const auto [at, is_new] = colour_of.try_emplace(stage, static_cast<int>(names.size()));
        if (is_new) {
          names.push_back({.name = stage,
                           .kind = Series::Kind::marks,
                           .mark = Series::Mark::dot,
                           .colour = at->second});
        }
        const std::string share = all > 0 ? percent_text(seconds / all) : "";
        parts.push_back(
            {at->second, seconds, fmt::format("{}: {}, {}", stage, time_text(seconds), share)});
        table.add({escaped(stage), time_text(seconds), share});
      }
      bars += figure(fmt::format("{}: {}", name, time_text(all)),
                     svg_of_parts(parts, line.name + ": the share of each stage"), "");
    }
  }
  if (bars.empty()) return "";
  return "<h3>Stages</h3>\n<p>What each stage takes of the time of all. Each bar is a "
         "whole.</p>\n" +
         legend(names) + "<div class=\"charts bars\">\n" + bars + "</div>\n" +
         folded("The stages as a table", table.markup());
}

}  // namespace

Section bench_section(const Files& files) {
  Section out{"bench", "Timed cases", "", ""};
  const std::vector<Sweep> sweeps = sweeps_of(files);
  std::set<const BenchLine*> in_curves;
  for (const Sweep& sweep : sweeps)
    for (const Curve& curve : sweep.curves)
      for (const auto& [x, line] : curve.cases) in_curves.insert(line);
  size_t measured = 0, skipped = 0;
  for (const BenchFile& file : files)
    for (const BenchLine& line : file.lines) ++(line.skipped.empty() ? measured : skipped);
  out.summary = counted(measured, "case") + " measured";
  if (skipped > 0) out.summary += fmt::format(", {} skipped", skipped);
  if (!sweeps.empty()) out.summary += fmt::format("; {}", counted(sweeps.size(), "range"));
  out.body =
      "<p>The limit is that of float32 multiply-adds, measured just before the cases. Pairs of "
      "query and key that the mask hides count as no work. The error is the largest one against "
      "the same in double.</p>\n" +
      curves_markup(sweeps, files) + stages_markup(files);
  for (const BenchFile& file : files) {
    std::set<const BenchLine*> of_file;
    for (const BenchLine& line : file.lines)
      if (in_curves.contains(&line)) of_file.insert(&line);
    out.body += cases_markup(file, of_file);
  }
  return out;
}

}  // namespace attnc::report
