#include "tools/tune/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <limits>
#include <random>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>

#include "attn/nodes.h"
#include "import/printable.h"
#include "plan/schedule_text.h"
#include "tools/tune/sqlite.h"

namespace attnc {
namespace {

using attn::StatusCode;

constexpr int application_id = 0x61746e63;  // "atnc"; `file` and SQLite show it
constexpr int format_version = 1;           // of the tables below: any change is another version
constexpr size_t longest_text = 100'000;

// ---- the tables

/// What a text has to be, besides short.
struct Rule {
  bool (*holds)(std::string_view text) = nullptr;
  const char* expected = "";
};

template <class Row>
struct Column {
  const char* name;
  std::variant<std::string Row::*, double Row::*, int Row::*, uint64_t Row::*, bool Row::*,
               Schedule Row::*>
      member;
  Rule rule{};    // of texts
  int least = 0;  // of other numbers than uint64_t
};

template <class Row, size_t size>
struct Table {
  const char *name, *key;
  std::array<Column<Row>, size> columns;
};

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

constexpr Table<TuningRun, 17> runs_table{"runs",
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
                                            {"version", &TuningRun::version}}}};

constexpr Table<TrialRow, 8> trials_table{"trials",
                                          "run, number",
                                          {{{"run", &TrialRow::run, is_name},
                                            {"number", &TrialRow::number},
                                            {"generation", &TrialRow::generation},
                                            {"schedule", &TrialRow::schedule},
                                            {"seconds", &TrialRow::seconds},
                                            {"ratio", &TrialRow::ratio},
                                            {"accepted", &TrialRow::accepted},
                                            {"note", &TrialRow::note}}}};

template <class T>
constexpr int type_of = std::is_same_v<T, double> ? SQLITE_FLOAT
                        : std::is_integral_v<T>   ? SQLITE_INTEGER
                                                  : SQLITE_TEXT;

template <class Row>
int type_of_column(const Column<Row>& column) {
  return std::visit(
      [](auto member) { return type_of<std::decay_t<decltype(std::declval<Row>().*member)>>; },
      column.member);
}

const char* type_name(int type) {
  return type == SQLITE_FLOAT ? "REAL" : type == SQLITE_INTEGER ? "INTEGER" : "TEXT";
}

/// Also what a file's own schema is held against, so it is the same text for ever.
template <class Row, size_t size>
std::string create_statement(const Table<Row, size>& table) {
  std::string out = fmt::format("CREATE TABLE {} (", table.name);
  for (const Column<Row>& c : table.columns)
    out += fmt::format("{} {} NOT NULL, ", c.name, type_name(type_of_column(c)));
  // WITHOUT ROWID: rows are in the order of their key, and a key is stored once.
  return out + fmt::format("PRIMARY KEY ({})) STRICT, WITHOUT ROWID", table.key);
}

template <class Row, size_t size>
std::string select_statement(const Table<Row, size>& table, const std::string& where) {
  std::string names;
  for (const Column<Row>& c : table.columns)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", c.name);
  return fmt::format("SELECT {} FROM {} {} ORDER BY {}", names, table.name, where, table.key);
}

// ---- rows

/// "" or what is wrong with a column of the row. Also of rows that are to be stored: they have to be
/// readable again.
template <class Row>
std::string wrong(const Column<Row>& column, const Row& row) {
  const auto check = [&](auto member) -> std::string {
    const auto& value = row.*member;
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::string>) {
      if (value.size() > longest_text)
        return fmt::format("expected at most {} characters, got {}", longest_text, value.size());
      if (column.rule.holds && !column.rule.holds(value))
        return fmt::format("expected {}, got {}", column.rule.expected, in_quotes(value));
    } else if constexpr (std::is_same_v<T, double> || std::is_same_v<T, int>) {
      if (!std::isfinite(value) || value < column.least)
        return fmt::format("expected a number of at least {}, got {}", column.least, value);
    } else if constexpr (std::is_same_v<T, Schedule>) {
      if (!schedule_from_text(text_of(value)))
        return fmt::format("a number is out of its column's range in {}", text_of(value));
    }
    return "";
  };
  const std::string why = std::visit(check, column.member);
  return why.empty() ? "" : fmt::format("{}: {}", column.name, why);
}

/// "" or what is wrong with the row.
template <class Row, size_t size>
std::string wrong(const Table<Row, size>& table, const Row& row) {
  for (const Column<Row>& c : table.columns)
    if (std::string why = wrong(c, row); !why.empty()) return why;
  return "";
}

/// Reads a column of the statement's row; "" or why that is no such value.
template <class Row>
std::string read(const Statement& from, int at, const Column<Row>& column, Row& row) {
  const auto into = [&](auto member) -> std::string {
    auto& value = row.*member;
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::string>) {
      value = from.text(at);
    } else if constexpr (std::is_same_v<T, double>) {
      value = from.real(at);
    } else if constexpr (std::is_same_v<T, uint64_t>) {
      value = std::bit_cast<uint64_t>(from.integer(at));
    } else if constexpr (std::is_same_v<T, Schedule>) {
      const std::string text = from.text(at);
      const std::optional<Schedule> schedule = schedule_from_text(text);
      if (!schedule) return "expected a schedule, got " + in_quotes(text);
      value = *schedule;
    } else {
      const int64_t number = from.integer(at);
      constexpr int64_t least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
      if (number < least || number > most)
        return fmt::format("expected a number from {} to {}, got {}", least, most, number);
      value = static_cast<T>(number);
    }
    return "";
  };
  // STRICT tables hold no other types; a damaged page may.
  const int type = type_of_column(column);
  const std::string why = from.type(at) == type
                              ? std::visit(into, column.member)
                              : fmt::format("expected {}, got another type", type_name(type));
  return why.empty() ? wrong(column, row) : fmt::format("{}: {}", column.name, why);
}

std::string described(const TuningRun& run) { return "run " + printable(run.name); }
std::string described(const TrialRow& trial) {
  return fmt::format("run {}, trial {}", printable(trial.run), trial.number);
}

bool before(const TuningRun& a, const TuningRun& b) { return a.name < b.name; }
bool before(const TrialRow& a, const TrialRow& b) { return a.number < b.number; }

/// All rows that a select_statement gives, in order.
template <class Row, size_t size>
Result<std::vector<Row>> read_rows(const Sqlite& db, const Table<Row, size>& table,
                                   Statement& select) {
  std::vector<Row> rows;
  const auto damaged = [&](const Row& row, const std::string& why) {
    return Status(StatusCode::invalid_file,
                  fmt::format("{}: {}: {}", db.file(), described(row), why));
  };
  while (select.row()) {
    Row row;
    for (size_t c = 0; c < size; ++c) {
      const std::string why = read(select, static_cast<int>(c), table.columns[c], row);
      if (!why.empty()) return damaged(row, why);
    }
    // SQLite takes a damaged index at its word: without this, pages that point in circles would be
    // read without end.
    if (!rows.empty() && !before(rows.back(), row))
      return damaged(row, "the database is damaged: rows are out of order");
    rows.push_back(std::move(row));
  }
  if (Status s = select.finish(); !s.ok()) return s;
  return rows;
}

/// Inserts a row, unless there is one with its key; says whether it did.
template <class Row, size_t size>
Result<bool> insert(const Sqlite& db, const Table<Row, size>& table, const Row& row) {
  std::string marks;
  for (size_t c = 0; c < size; ++c) marks += c ? ", ?" : "?";
  Statement add(db, fmt::format("INSERT OR IGNORE INTO {} VALUES ({})", table.name, marks));
  for (size_t c = 0; c < size; ++c) {
    const auto bind = [&](auto member) {
      const auto& value = row.*member;
      using T = std::decay_t<decltype(value)>;
      const int parameter = static_cast<int>(c) + 1;
      if constexpr (std::is_same_v<T, std::string>)
        add.bind(parameter, std::string_view(value));
      else if constexpr (std::is_same_v<T, Schedule>)
        add.bind(parameter, std::string_view(text_of(value)));
      else if constexpr (std::is_same_v<T, double>)
        add.bind(parameter, value);
      else
        add.bind(parameter, static_cast<int64_t>(value));
    };
    std::visit(bind, table.columns[c].member);
  }
  if (Status s = add.finish(); !s.ok()) return s;
  return sqlite3_changes(db.handle()) > 0;
}

// ---- the file

Result<int64_t> number_of(const Sqlite& db, const std::string& query) {
  Statement ask(db, query);
  const int64_t number = ask.row() ? ask.integer(0) : 0;
  if (Status s = ask.finish(); !s.ok()) return s;
  return number;
}

enum class Content { empty, ours };

/// Whether the file is ours or empty, inside a transaction; an error if it is neither.
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
  if (*version == format_version &&
      tables == std::vector{create_statement(runs_table), create_statement(trials_table)})
    return Content::ours;
  return refused("the database is damaged: its tables are not those that attnc makes");
}

/// Makes the tables, unless another process has made them meanwhile.
Status create(const Sqlite& db) {
  Transaction writing(db, Transaction::Kind::write);
  if (!writing.begun().ok()) return writing.begun();
  const Result<Content> now = recognise(db);
  if (!now.ok()) return now.status();
  if (*now == Content::ours) return {};
  for (const std::string& sql : {fmt::format("PRAGMA application_id = {}", application_id),
                                 fmt::format("PRAGMA user_version = {}", format_version),
                                 create_statement(runs_table), create_statement(trials_table)}) {
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
  if (*content == Content::empty) {
    if (Status s = create(*db); !s.ok()) return s;
  }
  return TuningDatabase(std::make_unique<State>(State{*std::move(db)}));
}

Result<TuningDatabase> TuningDatabase::open_to_read(const std::string& file) {
  Result<Sqlite> db = Sqlite::open(file, Sqlite::Mode::read);
  if (!db.ok()) return db.status();
  {
    const Transaction reading(*db, Transaction::Kind::read);
    if (!reading.begun().ok()) return reading.begun();
    const Result<Content> content = recognise(*db);
    if (!content.ok()) return content.status();
    if (*content == Content::empty) {
      return Status(StatusCode::invalid_file,
                    file + ": expected a database of `attnc tune`, got an empty file");
    }
  }
  return TuningDatabase(std::make_unique<State>(State{*std::move(db)}));
}

Result<std::string> TuningDatabase::begin(const TuningRun& run) {
  TuningRun named = run;
  if (named.name.empty()) named.name = new_name();
  if (named.started.empty()) named.started = time_now();
  if (const std::string why = wrong(runs_table, named); !why.empty())
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
  if (const std::string why = wrong(trials_table, row); !why.empty())
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
  Statement select(state_->db, select_statement(runs_table, ""));
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
