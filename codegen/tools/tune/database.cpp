#include "tools/tune/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <random>
#include <string_view>
#include <tuple>

#include "attn/nodes.h"
#include "import/printable.h"
#include "plan/schedule_text.h"
#include "tools/tune/records.h"
#include "tools/tune/sqlite.h"

namespace attnc {
namespace {

using attn::StatusCode;

constexpr int application_id = 0x61746e63;  // "atnc"; `file` and SQLite show it
constexpr int format_version = 2;           // of the tables below: any change is another version

// ---- the tables

/// A trial as it is stored: with the name of its run.
struct TrialRow : Trial {
  std::string run;
};

/// Whether the text has the form of `picture`, in which 0 stands for a digit and f for a
/// hexadecimal one.
bool has_form(std::string_view text, std::string_view picture) {
  const auto fits = [](char c, char as) {
    const bool digit = c >= '0' && c <= '9';
    return as == '0' ? digit : as == 'f' ? digit || (c >= 'a' && c <= 'f') : c == as;
  };
  return text.size() == picture.size() &&
         std::equal(text.begin(), text.end(), picture.begin(), fits);
}

constexpr Rule is_name{
    [](std::string_view text) { return has_form(text, "ffffffffffffffffffffffffffffffff"); },
    "32 hexadecimal digits"};
constexpr Rule is_time{[](std::string_view text) { return has_form(text, "0000-00-00T00:00:00Z"); },
                       "a time as 2026-11-27T22:45:00Z"};
constexpr Rule is_dtype{[](std::string_view text) {
                          const auto& names = attn::policy_names;
                          return std::find(names.begin(), names.end(), text) != names.end();
                        },
                        "a dtype policy"};
constexpr Rule are_families{[](std::string_view text) { return uses_from_text(text).has_value(); },
                            "families of kernels"};
constexpr Rule is_something{[](std::string_view text) { return !text.empty(); }, "a name"};

std::string run_text(const TuningRun& run) { return "run " + printable(run.name); }
std::string trial_text(const TrialRow& trial) {
  return fmt::format("run {}, trial {}", printable(trial.run), trial.number);
}

/// Version 1 had all but the last two columns.
constexpr size_t columns_of_version_1 = 17;
constexpr Table<TuningRun, 19> runs_table{
    "runs",
    "name",
    {{{"name", &TuningRun::name, is_name},
      {"layer", &TuningRun::layer},
      {"fingerprint", &TuningRun::fingerprint},
      {"target", &TuningRun::target, is_something},
      {"dtype", &TuningRun::dtype, is_dtype},
      {"head_size", &TuningRun::head_size, {}, 1},
      {"families", &TuningRun::families, are_families},
      {"calls", &TuningRun::calls},
      {"work", &TuningRun::work},
      {"processor", &TuningRun::processor},
      {"threads", &TuningRun::threads, {}, 1},
      {"seed", &TuningRun::seed},
      {"operations", &TuningRun::operations},
      {"fma_gflops", &TuningRun::fma_gflops},
      {"read_gbps", &TuningRun::read_gbps},
      {"started", &TuningRun::started, is_time},
      {"version", &TuningRun::version},
      {"pipes", &TuningRun::pipes, {}, 0, 2},
      {"l2_kib", &TuningRun::l2_kib}}},
    run_text,
    [](const TuningRun& a, const TuningRun& b) { return a.name < b.name; }};

constexpr Table<TrialRow, 8> trials_table{
    "trials",
    "run, number",
    {{{"run", &TrialRow::run, is_name},
      {"number", &TrialRow::number},
      {"generation", &TrialRow::generation},
      {"schedule", &TrialRow::schedule},
      {"seconds", &TrialRow::seconds},
      {"ratio", &TrialRow::ratio},
      {"accepted", &TrialRow::accepted},
      {"note", &TrialRow::note}}},
    trial_text,
    [](const TrialRow& a, const TrialRow& b) { return a.number < b.number; }};

// ---- the file

Result<int64_t> number_of(const Sqlite& db, const std::string& query) {
  Statement ask(db, query);
  const int64_t number = ask.row() ? ask.integer(0) : 0;
  if (Status s = ask.finish(); !s.ok()) return s;
  return number;
}

enum class Content { empty, version_1, ours };

/// What the file is, inside a transaction; an error if it is not ours.
Result<Content> recognise(const Sqlite& db) {
  const auto refused = [&](const std::string& why) {
    return Status(StatusCode::invalid_file, fmt::format("{}: {}", db.file(), why));
  };
  const Result<int64_t> id = number_of(db, "PRAGMA application_id"),
                        version = number_of(db, "PRAGMA user_version");
  if (!id.ok()) return id.status();
  if (!version.ok()) return version.status();
  if (*id == application_id && *version > format_version) {
    return refused(
        fmt::format("is of version {} of the format, and this attnc reads version {}: "
                    "use the attnc that wrote it",
                    *version, format_version));
  }
  std::vector<std::string> tables;
  Statement schema(db, "SELECT sql FROM sqlite_schema ORDER BY name");
  while (schema.row()) tables.push_back(schema.text(0));
  if (Status s = schema.finish(); !s.ok()) return s;
  // SQLite reads the end of a page that is missing as zeros.
  const Result<int64_t> page = number_of(db, "PRAGMA page_size");
  if (!page.ok()) return page.status();
  std::error_code unknown;
  const uintmax_t bytes = std::filesystem::file_size(db.file(), unknown);
  if (!unknown && *page > 0 && bytes % static_cast<uintmax_t>(*page) != 0)
    return refused("the database is damaged: it ends within a page");
  if (*id == 0 && *version == 0 && tables.empty()) return Content::empty;
  if (*id != application_id) {
    return refused(
        "expected a database of `attnc tune`, got an SQLite database of another program");
  }
  // Whole statements: what a foreign schema could do beside its tables is never found out.
  const std::string trials = create_statement(trials_table);
  if (*version == format_version && tables == std::vector{create_statement(runs_table), trials})
    return Content::ours;
  if (*version == 1 &&
      tables == std::vector{create_statement(runs_table, columns_of_version_1), trials})
    return Content::version_1;
  return refused("the database is damaged: its tables are not those that attnc makes");
}

/// Makes the tables, or those of version 1 new ones, unless another process has done so meanwhile.
Status make_current(const Sqlite& db) {
  Transaction writing(db, Transaction::Kind::write);
  if (!writing.begun().ok()) return writing.begun();
  const Result<Content> now = recognise(db);
  if (!now.ok()) return now.status();
  if (*now == Content::ours) return {};
  const std::string version = fmt::format("PRAGMA user_version = {}", format_version);
  std::vector<std::string> statements = {fmt::format("PRAGMA application_id = {}", application_id),
                                         version, create_statement(runs_table),
                                         create_statement(trials_table)};
  if (*now == Content::version_1) {
    // A new table, as a column that is added to one changes its statement in another way.
    statements = {
        version, "ALTER TABLE runs RENAME TO runs_of_version_1", create_statement(runs_table),
        "INSERT INTO runs SELECT *, 0, 0 FROM runs_of_version_1", "DROP TABLE runs_of_version_1"};
  }
  for (const std::string& sql : statements) {
    if (Status s = db.execute(sql); !s.ok()) return s;
  }
  return writing.commit();
}

std::string new_name() {
  std::random_device random;
  std::string name;
  for (int word = 0; word < 4; ++word) name += fmt::format("{:08x}", random());
  return name;
}

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

}  // namespace

struct TuningDatabase::State {
  Sqlite db;
  size_t run_columns = runs_table.columns.size();  // fewer in a file of version 1

  Status refuse(const std::string& why) const {
    return Status(StatusCode::invalid_argument, fmt::format("{}: {}", db.file(), why));
  }
};

TuningDatabase::TuningDatabase(std::unique_ptr<State> state) : state_(std::move(state)) {}
TuningDatabase::TuningDatabase(TuningDatabase&&) noexcept = default;
TuningDatabase& TuningDatabase::operator=(TuningDatabase&&) noexcept = default;
TuningDatabase::~TuningDatabase() = default;

const std::string& TuningDatabase::file() const { return state_->db.file(); }

Result<TuningDatabase> TuningDatabase::open(const std::string& file) {
  Result<Sqlite> db = Sqlite::open(file, Sqlite::Mode::make);
  if (!db.ok()) return db.status();
  Result<Content> content = [&]() -> Result<Content> {
    const Transaction reading(*db, Transaction::Kind::read);
    if (!reading.begun().ok()) return reading.begun();
    return recognise(*db);
  }();
  if (!content.ok()) return content.status();
  if (*content != Content::ours) {
    if (Status s = make_current(*db); !s.ok()) return s;
  }
  return TuningDatabase(std::make_unique<State>(State{*std::move(db)}));
}

Result<TuningDatabase> TuningDatabase::open_to_read(const std::string& file) {
  Result<Sqlite> db = Sqlite::open(file, Sqlite::Mode::read);
  if (!db.ok()) return db.status();
  auto state = std::make_unique<State>(State{*std::move(db)});
  const Transaction reading(state->db, Transaction::Kind::read);
  if (!reading.begun().ok()) return reading.begun();
  const Result<Content> content = recognise(state->db);
  if (!content.ok()) return content.status();
  if (*content == Content::empty) {
    return Status(StatusCode::invalid_file,
                  file + ": expected a database of `attnc tune`, got an empty file");
  }
  if (*content == Content::version_1) state->run_columns = columns_of_version_1;
  return TuningDatabase(std::move(state));
}

Result<std::string> TuningDatabase::begin(const TuningRun& run) {
  TuningRun named = run;
  if (named.name.empty()) named.name = new_name();
  if (named.started.empty()) named.started = time_now();
  if (const std::string why = wrong_in(runs_table, named); !why.empty())
    return state_->refuse(fmt::format("a run cannot be added: {}", why));
  Transaction writing(state_->db, Transaction::Kind::write);
  if (!writing.begun().ok()) return writing.begun();
  const Result<bool> is_new = insert(state_->db, runs_table, named);
  if (!is_new.ok()) return is_new.status();
  if (!*is_new) return state_->refuse(fmt::format("there is already a run {}", named.name));
  if (Status s = writing.commit(); !s.ok()) return s;
  return named.name;
}

Status TuningDatabase::add(const std::string& run, const Trial& trial) {
  const TrialRow row{trial, run};
  if (const std::string why = wrong_in(trials_table, row); !why.empty())
    return state_->refuse(fmt::format("a trial cannot be added: {}", why));
  Transaction writing(state_->db, Transaction::Kind::write);
  if (!writing.begun().ok()) return writing.begun();
  Statement is_there(state_->db, "SELECT 1 FROM runs WHERE name = ?");
  is_there.bind(1, std::string_view(run));
  const bool known = is_there.row();
  if (Status s = is_there.finish(); !s.ok()) return s;
  if (!known) return state_->refuse("there is no run " + run);
  const Result<bool> is_new = insert(state_->db, trials_table, row);
  if (!is_new.ok()) return is_new.status();
  if (!*is_new)
    return state_->refuse(fmt::format("run {} already has a trial {}", run, trial.number));
  return writing.commit();
}

Result<std::vector<TuningRun>> TuningDatabase::runs() const {
  Statement select(state_->db, select_statement(runs_table, "", state_->run_columns));
  Result<std::vector<TuningRun>> runs = read_rows(state_->db, runs_table, select);
  if (!runs.ok()) return runs;
  std::sort(runs->begin(), runs->end(), [](const TuningRun& a, const TuningRun& b) {
    return std::tie(a.started, a.name) < std::tie(b.started, b.name);
  });
  return runs;
}

Result<std::vector<Trial>> TuningDatabase::trials(const std::string& run) const {
  Statement select(state_->db, select_statement(trials_table, "WHERE run = ?"));
  select.bind(1, std::string_view(run));
  const Result<std::vector<TrialRow>> rows = read_rows(state_->db, trials_table, select);
  if (!rows.ok()) return rows.status();
  return std::vector<Trial>(rows->begin(), rows->end());
}

Result<int> TuningDatabase::merge(const TuningDatabase& other) {
  // All is read before anything is written: a file that is damaged adds nothing.
  const Result<std::vector<TuningRun>> theirs = other.runs();
  if (!theirs.ok()) return theirs.status();
  std::vector<TrialRow> trials;
  for (const TuningRun& run : *theirs) {
    const Result<std::vector<Trial>> of_run = other.trials(run.name);
    if (!of_run.ok()) return of_run.status();
    for (const Trial& trial : *of_run) trials.push_back({trial, run.name});
  }
  const Sqlite& db = state_->db;
  Transaction writing(db, Transaction::Kind::write);
  if (!writing.begun().ok()) return writing.begun();
  int added = 0;
  for (const TuningRun& run : *theirs) {
    const Result<bool> is_new = insert(db, runs_table, run);
    if (!is_new.ok()) return is_new.status();
    added += *is_new ? 1 : 0;
  }
  for (const TrialRow& trial : trials) {
    const Result<bool> is_new = insert(db, trials_table, trial);
    if (!is_new.ok()) return is_new.status();
  }
  if (Status s = writing.commit(); !s.ok()) return s;
  return added;
}

const Trial* winner_of(const std::vector<Trial>& trials) {
  const auto last =
      std::find_if(trials.rbegin(), trials.rend(), [](const Trial& t) { return t.accepted; });
  return last == trials.rend() ? nullptr : &*last;
}

}  // namespace attnc
