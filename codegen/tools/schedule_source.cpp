#include "tools/schedule_source.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "halide/schedule.h"
#include "halide/targets.h"
#include "import/printable.h"
#include "plan/schedule_text.h"
#include "tools/tune/export.h"

namespace attnc {
namespace {

/// A text of a run. Databases may come from anybody, and calls may be many.
std::string shortened(const std::string& text) {
  constexpr size_t longest = 120;
  if (text.size() <= longest) return printable(text);
  size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // whole UTF-8
  return printable(text.substr(0, end)) + "...";
}

/// "tune.db: run of 2026-11-27 on AMD EPYC (T=512,S=512,E=768)"
std::string title_of(const TuningRun& run, const std::string& database) {
  return fmt::format("{}: run of {} on {} ({})", database,
                     run.started.substr(0, std::string_view("2026-11-27").size()),
                     run.processor.empty() ? "an unknown processor" : shortened(run.processor),
                     shortened(run.calls));
}

}  // namespace

Result<ScheduleSource> ScheduleSource::with_runs_of(const std::string& database) {
  ScheduleSource source;
  if (database.empty()) return source;
  auto db = TuningDatabase::open_to_read(database);
  if (!db.ok()) return db.status();
  auto runs = tuned_runs(*db);
  if (!runs.ok()) return runs.status();
  // Without its folders, as plans are to be the same text wherever a project lies.
  source.database_ = printable(std::filesystem::path(database).filename().string());
  source.runs_ = std::make_shared<const std::vector<TunedRun>>(*std::move(runs));
  return source;
}

Result<ChosenSchedule> ScheduleSource::of(uint64_t fingerprint, const Work& work,
                                          const std::string& target, int pipes) const {
  if (row_) return ChosenSchedule{*row_, {}, false};
  const auto row = row_for(target, work.key_size, work.value_size, work.dtype, pipes);
  if (!row.ok()) return row.status();
  ChosenSchedule chosen{row->schedule, {place_of(*row)}, false};
  if (!runs_) return chosen;
  const TunedSchedule tuned =
      tuned_schedule(*runs_, fingerprint, *find_target(target), row->schedule, pipes);
  chosen.row = tuned.schedule;
  chosen.tuned = !tuned.used.empty();
  for (const TunedRun* run : tuned.used)
    chosen.from.push_back(fmt::format("numbers of {}: {:.2f} of the time",
                                      title_of(run->run, database_), *gain_of(*run)));
  for (const TunedRun* run : tuned.left_out)
    chosen.from.push_back(fmt::format("left out {}: impossible together with later runs",
                                      title_of(run->run, database_)));
  if (!chosen.tuned)
    chosen.from.push_back(
        fmt::format("{}: no run found anything faster for this layer and target", database_));
  return chosen;
}

Result<std::string> ScheduleSource::key_of(uint64_t fingerprint, const std::string& target) const {
  if (row_) return attnc::text_of(*row_);
  auto file = schedule_file(target);
  if (!file.ok()) return file.status();
  std::string key = std::move(file->text);
  if (!runs_) return key;
  for (const TunedRun* run : runs_with_gain(*runs_, fingerprint, target))
    key += fmt::format("\n{} {}: {}", run->run.families, run->run.pipes,
                       attnc::text_of(winner_of(run->trials)->schedule));
  return key;
}

}  // namespace attnc
