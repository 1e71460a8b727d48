#include "tools/tune/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tools/arguments.h"
#include "tools/terminal.h"
#include "tools/tune/database.h"
#include "tools/tune/export.h"
#include "tools/tune/options.h"
#include "tools/tune/show_runs.h"
#include "tools/write_file.h"

namespace attnc {
namespace {

constexpr const char* examples =
    "Examples:\n"
    "  attnc tune encoder.json --shape T=512,S=512,E=768       a minute for this call; trials go "
    "to tune.db\n"
    "  attnc tune app/section.o --shape T=1,S=4096 --shape T=64,S=4096 --threads 2 --seconds 120\n"
    "  attnc tune section.o:decoder --shape T=1,S=512,E=768 --with cache,cache_update_index\n"
    "  ATTN_CALL_LOG=calls.jsonl app; attnc tune app/section.o --calls calls.jsonl\n"
    "  attnc tune cases.json --case encoder-512                cases of attnc bench\n"
    "  attnc tune --replay tune.db                             the same trials from the same "
    "times\n"
    "  attnc build encoder.json -o out --tuned tune.db   a library with what was found\n"
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

CLI::App* add_tune(CLI::App& app, TuneCommand& command, const std::string& exit_codes) {
  using What = TuneCommand::What;
  const CLI::Validator named = attnc::named();
  CLI::App* tune = app.add_subcommand("tune", "search the fastest schedules of layers, by trials");
  tune->require_subcommand(0, 1);
  add_search_options(*tune, command.search);
  const auto add = [&](const char* name, const char* does, What what, const char* of) {
    CLI::App* added = tune->add_subcommand(name, does);
    added->callback([&command, what] { command.what = what; });
    CLI::Option* databases = added->add_option("DB", command.databases, of);
    databases->required()->check(named);
    if (what != What::merge) databases->expected(1);
    added->footer(examples + exit_codes);
    return added;
  };
  add("export", "write schedule files", What::write_schedules, "a database of trials")
      ->add_option("-o,--output", command.output, "folder for TARGET.txt, for all targets tuned")
      ->required()
      ->check(named);
  add("merge", "add the runs of databases to another", What::merge, "databases of trials")
      ->add_option("-o,--output", command.output, "the database to add to; made if it is missing")
      ->required()
      ->check(named);
  add("show", "print what was found", What::show, "a database of trials")
      ->add_flag("--json", command.json, "the same for a program, as a JSON array");
  tune->footer(examples + exit_codes);
  return tune;
}

int run_tune(const TuneCommand& command) {
  switch (command.what) {
    case TuneCommand::What::write_schedules:
      return write_schedules(command.databases[0], command.output);
    case TuneCommand::What::merge:
      return merge(command.databases, command.output);
    case TuneCommand::What::show:
      return show_runs(command.databases[0], command.json);
    case TuneCommand::What::search:
      break;
  }
  if (!command.search.replay.empty()) return replay_tuning(command.search.replay);
  if (!command.search.layer.empty()) return tune(command.search);
  fmt::print(stderr, "attnc: LAYER is required (`attnc tune --help` shows how)\n");
  return 2;
}

}  // namespace attnc
