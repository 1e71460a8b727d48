#include "tools/tune/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tools/terminal.h"
#include "tools/tune/database.h"
#include "tools/tune/export.h"
#include "tools/tune/show_runs.h"
#include "tools/write_file.h"

namespace attnc {
namespace {

constexpr const char* examples =
    "Examples:\n"
    "  attnc tune show tune.db                           what was found, a line a run\n"
    "  attnc tune merge mine.db theirs.db -o all.db      runs of several machines in one file\n"
    "  attnc tune export all.db -o schedules             schedules/avx512.txt: rows of "
    "codegen/schedules\n"
    "  ATTNC_SCHEDULES=schedules attnc build encoder.json -o out --target avx512\n"
    "A database is an SQLite file. Any number of processes may write it at the same time.";

int write_schedules(const std::string& file, const std::string& folder) {
  const Result<TuningDatabase> db = TuningDatabase::open_to_read(file);
  if (!db.ok()) return fail(db.status());
  const auto files = schedule_files_of(*db);
  if (!files.ok()) return fail(files.status());
  if (files->empty()) fmt::print("{}: has no runs: there is nothing to write\n", file);
  for (const auto& [target, text] : *files) {
    const std::string output = (std::filesystem::path(folder) / (target + ".txt")).string();
    // Read again, as whoever uses the file will read it.
    const auto rows = read_schedules(text, output, *find_target(target));
    if (!rows.ok()) return fail(rows.status().with_context("internal error, please report it"));
    if (Status s = write_file(output, text); !s.ok()) return fail(s);
    const auto tuned = std::count_if(rows->begin(), rows->end(), [](const ScheduleRow& r) {
      return r.measured.starts_with("tuned: ");
    });
    fmt::print("{}: {} row{}, {} tuned\n", output, rows->size(), rows->size() == 1 ? "" : "s",
               tuned);
  }
  return 0;
}

int merge(const std::vector<std::string>& files, const std::string& output) {
  // All are opened before the first is merged: a name that is wrong changes nothing.
  std::vector<TuningDatabase> databases;
  for (const std::string& file : files) {
    Result<TuningDatabase> db = TuningDatabase::open_to_read(file);
    if (!db.ok()) return fail(db.status());
    databases.push_back(*std::move(db));
  }
  Result<TuningDatabase> all = TuningDatabase::open(output);
  if (!all.ok()) return fail(all.status());
  for (const TuningDatabase& db : databases) {
    const Result<int> added = all->merge(db);
    if (!added.ok()) return fail(added.status());
    fmt::print("{}: {} new run{}\n", db.file(), *added, *added == 1 ? "" : "s");
  }
  return 0;
}

int show_runs(const std::string& file, bool json) {
  const Result<TuningDatabase> db = TuningDatabase::open_to_read(file);
  if (!db.ok()) return fail(db.status());
  const auto runs = tuned_runs(*db);
  if (!runs.ok()) return fail(runs.status());
  if (json)
    print_json(json_of(*runs));
  else
    fmt::print("{}", text_of(*runs));
  return 0;
}

}  // namespace

CLI::App* add_tune(CLI::App& app, TuneOptions& options, const std::string& exit_codes) {
  using Command = TuneOptions::Command;
  const CLI::Validator named(
      [](std::string& text) { return text.empty() ? std::string("has no name") : ""; }, "");
  CLI::App* tune = app.add_subcommand("tune", "schedules from measured trials");
  tune->require_subcommand(1);
  const auto add = [&](const char* name, const char* does, Command command, const char* of) {
    CLI::App* added = tune->add_subcommand(name, does);
    added->callback([&options, command] { options.command = command; });
    CLI::Option* databases = added->add_option("DB", options.databases, of);
    databases->required()->check(named);
    if (command != Command::merge) databases->expected(1);
    added->footer(examples + exit_codes);
    return added;
  };
  add("export", "write schedule files", Command::write_schedules, "a database of trials")
      ->add_option("-o,--output", options.output, "folder for TARGET.txt, for all targets tuned")
      ->required()
      ->check(named);
  add("merge", "add the runs of databases to another", Command::merge, "databases of trials")
      ->add_option("-o,--output", options.output, "the database to add to; made if it is missing")
      ->required()
      ->check(named);
  add("show", "print what was found", Command::show, "a database of trials")
      ->add_flag("--json", options.json, "the same for a program, as a JSON array");
  tune->footer(examples + exit_codes);
  return tune;
}

int run_tune(const TuneOptions& options) {
  switch (options.command) {
    case TuneOptions::Command::write_schedules:
      return write_schedules(options.databases[0], options.output);
    case TuneOptions::Command::merge:
      return merge(options.databases, options.output);
    case TuneOptions::Command::show:
      return show_runs(options.databases[0], options.json);
    case TuneOptions::Command::none:
      break;
  }
  return fail(Status(attn::StatusCode::internal, "`attnc tune` without a command"));
}

}  // namespace attnc
