#include "tools/tune/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

#include "import/printable.h"
#include "plan/schedule_text.h"

namespace attnc {
namespace {

using attn::StatusCode;
using Runs = std::vector<const TunedRun*>;

// ---- the numbers of runs

/// The columns that the run's kernels read, a bit each, in the order of schedule_columns.
uint64_t columns_of(const TunedRun& run) {
  const unsigned uses = uses_from_text(run.run.families).value_or(0);
  uint64_t columns = 0;
  for (size_t c = 0; c < std::size(schedule_columns); ++c)
    if (schedule_columns[c].used_by & uses) columns |= uint64_t{1} << c;
  return columns;
}

/// `row` with the numbers of the runs' winners, in order.
Schedule with_numbers_of(const Runs& runs, const Schedule& row) {
  Schedule schedule = row;
  for (const TunedRun* run : runs) {
    const Schedule& winner = winner_of(run->trials)->schedule;
    const uint64_t columns = columns_of(*run);
    for (size_t c = 0; c < std::size(schedule_columns); ++c) {
      const auto number = schedule_columns[c].number;
      if (columns >> c & 1) schedule.*number = winner.*number;
    }
  }
  return schedule;
}

/// `row` with the numbers of the runs, which are in the order of their time and all have a gain.
TunedSchedule overlaid(const Schedule& row, const Runs& runs, const TargetInfo& target) {
  TunedSchedule tuned;
  uint64_t given = 0;
  // From the latest to the earliest, so that it is the earlier one that has to give way.
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    const uint64_t columns = columns_of(**run);
    if ((columns & ~given) == 0) continue;
    tuned.used.insert(tuned.used.begin(), *run);
    if (impossible(with_numbers_of(tuned.used, row), target).empty()) {
      given |= columns;
      continue;
    }
    tuned.used.erase(tuned.used.begin());
    tuned.left_out.insert(tuned.left_out.begin(), *run);
  }
  tuned.schedule = with_numbers_of(tuned.used, row);
  return tuned;
}

// ---- the text of a file

constexpr const char* not_recorded = "not recorded";

/// A text as a cell: `|` would end it, and a long one makes the file unreadable.
std::string cell_of(const std::string& text) {
  constexpr size_t longest = 200;
  std::string cell = printable(text);
  std::replace(cell.begin(), cell.end(), '|', '/');
  if (cell.size() > longest) {
    size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(cell[end]) & 0xc0) == 0x80) --end;  // whole UTF-8
    cell = cell.substr(0, end) + "...";
  }
  return cell.find_first_not_of(' ') == cell.npos ? not_recorded : cell;
}

/// "model::encoder, batch=1,query=512,key=512, 1 thread: 0.92 of the time of the row before"
std::string measured_of(const TunedRun& tuned) {
  const TuningRun& run = tuned.run;
  return fmt::format("{}, {}, {} thread{}: {:.2f} of the time of the row before",
                     cell_of(run.layer), cell_of(run.calls), run.threads,
                     run.threads == 1 ? "" : "s", *gain_of(tuned));
}

/// What is written into a cell of the row; columns in the order of a file's first line.
struct FileColumn {
  std::string name;
  std::function<std::string(const ScheduleRow&)> cell;
};

std::vector<FileColumn> file_columns() {
  std::vector<FileColumn> columns = {
      {"head_size",
       [](const ScheduleRow& r) { return r.head_size ? std::to_string(*r.head_size) : "*"; }},
      {"dtype",
       [](const ScheduleRow& r) {
         return r.dtype ? attn::policy_names[static_cast<size_t>(*r.dtype)] : "*";
       }},
      {"pipes", [](const ScheduleRow& r) { return r.pipes ? std::to_string(r.pipes) : "*"; }}};
  for (const ScheduleColumn& c : schedule_columns) {
    columns.push_back(
        {c.name, [&c](const ScheduleRow& r) { return std::to_string(r.schedule.*c.number); }});
  }
  const auto add_text = [&](const char* name, std::string ScheduleRow::*text) {
    columns.push_back({name, [text](const ScheduleRow& r) {
                         return (r.*text).empty() ? not_recorded : r.*text;
                       }});
  };
  add_text("processor", &ScheduleRow::processor);
  add_text("date", &ScheduleRow::date);
  add_text("measured", &ScheduleRow::measured);
  return columns;
}

std::string file_text(const std::string& target, const std::vector<ScheduleRow>& rows) {
  std::vector<std::string> lines(rows.size() + 1);
  for (const FileColumn& column : file_columns()) {
    std::vector<std::string> cells = {column.name};
    for (const ScheduleRow& row : rows) cells.push_back(column.cell(row));
    size_t width = 0;
    for (const std::string& cell : cells) width = std::max(width, cell.size());
    // The last column is not padded: its texts are long.
    if (column.name == "measured") width = 0;
    for (size_t l = 0; l < lines.size(); ++l)
      lines[l] += fmt::format("{}{:<{}}", lines[l].empty() ? "" : " | ", cells[l], width);
  }
  return fmt::format(
      "# Schedules for {}. Written by `attnc tune export` from measured trials and the rows that "
      "were there before.\n\n{}\n",
      target, fmt::join(lines, "\n"));
}

// ---- the rows of a file

/// The layers and processors that a row is for.
struct Covered {
  attn::DTypePolicy dtype;
  int head_size, pipes;
  auto operator<=>(const Covered&) const = default;
};

Result<ScheduleRow> tuned_row(const std::vector<ScheduleRow>& rows, const std::string& file,
                              const Covered& covered, const Runs& runs, const TargetInfo& target) {
  const ScheduleRow* base = best_row(rows, covered.head_size, covered.dtype, covered.pipes);
  if (!base) {
    return Status(StatusCode::invalid_file,
                  fmt::format("{}: has no row that a row for heads of size {} in {} could begin "
                              "with",
                              file, covered.head_size,
                              attn::policy_names[static_cast<size_t>(covered.dtype)]));
  }
  const TunedSchedule tuned = overlaid(base->schedule, runs, target);
  if (tuned.used.empty()) return *base;
  ScheduleRow row;
  row.dtype = covered.dtype;
  row.head_size = covered.head_size;
  row.pipes = covered.pipes;
  row.schedule = tuned.schedule;
  const TuningRun& last = tuned.used.back()->run;
  row.processor = cell_of(last.processor);
  row.date = last.started.substr(0, std::string_view("2026-11-27").size());
  for (const TunedRun* run : tuned.used)
    row.measured += (row.measured.empty() ? "tuned: " : "; ") + measured_of(*run);
  return row;
}

/// The text of a target's file with what these runs, all of the target, have found.
Result<std::string> schedule_text_of(const TargetInfo& target, const Runs& runs) {
  const Result<ScheduleFile> file = schedule_file(target.name);
  if (!file.ok()) return file.status();
  const Result<std::vector<ScheduleRow>> before = read_schedules(file->text, file->name, target);
  if (!before.ok()) return before.status();
  std::map<Covered, Runs> groups;
  for (const TunedRun* run : runs) {
    const auto& names = attn::policy_names;
    const auto dtype = std::find(names.begin(), names.end(), run->run.dtype) - names.begin();
    const int pipes = has_variants_by_pipes(target) ? run->run.pipes : 0;
    if (gain_of(*run))
      groups[{static_cast<attn::DTypePolicy>(dtype), run->run.head_size, pipes}].push_back(run);
  }
  std::vector<ScheduleRow> rows = *before;
  for (const auto& [covered, of_group] : groups) {
    const Result<ScheduleRow> row = tuned_row(*before, file->name, covered, of_group, target);
    if (!row.ok()) return row.status();
    const auto same = std::find_if(rows.begin(), rows.end(), [&](const ScheduleRow& r) {
      return r.dtype == row->dtype && r.head_size == row->head_size && r.pipes == row->pipes;
    });
    if (same == rows.end())
      rows.push_back(*row);
    else
      *same = *row;
  }
  return file_text(target.name, rows);
}

}  // namespace

Result<std::vector<TunedRun>> tuned_runs(const TuningDatabase& db) {
  Result<std::vector<TuningRun>> runs = db.runs();
  if (!runs.ok()) return runs.status();
  std::vector<TunedRun> out;
  for (TuningRun& run : *runs) {
    Result<std::vector<Trial>> trials = db.trials(run.name);
    if (!trials.ok()) return trials.status();
    out.push_back({std::move(run), *std::move(trials)});
  }
  return out;
}

const Trial* start_of(const TunedRun& run) {
  const bool measured =
      !run.trials.empty() && run.trials[0].number == 0 && run.trials[0].seconds > 0;
  return measured ? &run.trials[0] : nullptr;
}

std::optional<double> gain_of(const TunedRun& run) {
  const Trial *start = start_of(run), *winner = winner_of(run.trials);
  if (!start || !winner || winner == start) return std::nullopt;
  double gain = 1;
  for (const Trial& trial : run.trials) {
    if (trial.accepted && trial.number > 0) gain *= trial.ratio;
  }
  if (gain >= 1) return std::nullopt;
  return gain;
}

std::vector<const TunedRun*> runs_with_gain(const std::vector<TunedRun>& runs, uint64_t fingerprint,
                                            const std::string& target) {
  Runs found;
  for (const TunedRun& run : runs) {
    if (run.run.fingerprint == fingerprint && run.run.target == target && gain_of(run))
      found.push_back(&run);
  }
  return found;
}

TunedSchedule tuned_schedule(const std::vector<TunedRun>& runs, uint64_t fingerprint,
                             const TargetInfo& target, const Schedule& row, int pipes) {
  Runs own = runs_with_gain(runs, fingerprint, target.name);
  std::stable_partition(own.begin(), own.end(),
                        [&](const TunedRun* run) { return pipes == 0 || run->run.pipes != pipes; });
  return overlaid(row, own, target);
}

Result<std::map<std::string, std::string>> schedule_files_of(const TuningDatabase& db) {
  const Result<std::vector<TunedRun>> runs = tuned_runs(db);
  if (!runs.ok()) return runs.status();
  std::map<std::string, Runs> by_target;
  for (const TunedRun& run : *runs) by_target[run.run.target].push_back(&run);
  std::map<std::string, std::string> files;
  for (const auto& [name, of_target] : by_target) {
    const TargetInfo* target = find_target(name);
    if (!target) {
      return Status(StatusCode::invalid_file,
                    fmt::format("{}: run {}: there is no target {}; attnc knows {}", db.file(),
                                of_target[0]->run.name, in_quotes(name), target_list()));
    }
    Result<std::string> text = schedule_text_of(*target, of_target);
    if (!text.ok()) return text.status();
    files[name] = *std::move(text);
  }
  return files;
}

}  // namespace attnc
