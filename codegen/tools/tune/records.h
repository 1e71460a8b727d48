// records.h - rows of SQLite tables as structs: a table is a list of columns, each of which is a
// member of the struct.
//
//   constexpr Table<TuningRun, 2> runs{"runs", "name", {{{"name", &TuningRun::name}, ...}}};
//   db.execute(create_statement(runs));
//   Result<bool> is_new = insert(db, runs, run);
//
// All that is read is checked, as a file may come from anybody.
#pragma once
#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "import/printable.h"
#include "plan/schedule_text.h"
#include "tools/tune/sqlite.h"

namespace attnc {

constexpr size_t longest_text = 100'000;

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
  Rule rule{};                                 // of texts
  int least = 0;                               // of other numbers than uint64_t
  int most = std::numeric_limits<int>::max();  // of ints
};

template <class Row, size_t size>
struct Table {
  const char *name, *key;
  std::array<Column<Row>, size> columns;
  std::string (*described)(const Row& row);    // in errors
  bool (*before)(const Row& a, const Row& b);  // in the order of the key
};

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

inline const char* type_name(int type) {
  return type == SQLITE_FLOAT ? "REAL" : type == SQLITE_INTEGER ? "INTEGER" : "TEXT";
}

/// Also what a file's own schema is held against, so it is the same text for ever. `columns`: of an
/// earlier version of the format, which had the first so many.
template <class Row, size_t size>
std::string create_statement(const Table<Row, size>& table, size_t columns = size) {
  std::string out = fmt::format("CREATE TABLE {} (", table.name);
  for (const Column<Row>& c : std::span(table.columns).first(columns))
    out += fmt::format("{} {} NOT NULL, ", c.name, type_name(type_of_column(c)));
  // WITHOUT ROWID: rows are in the order of their key, and a key is stored once.
  return out + fmt::format("PRIMARY KEY ({})) STRICT, WITHOUT ROWID", table.key);
}

/// Columns that an earlier version lacks are numbers, and 0.
template <class Row, size_t size>
std::string select_statement(const Table<Row, size>& table, const std::string& where,
                             size_t columns = size) {
  std::string names;
  for (size_t c = 0; c < size; ++c)
    names += fmt::format("{}{}", c ? ", " : "", c < columns ? table.columns[c].name : "0");
  return fmt::format("SELECT {} FROM {} {} ORDER BY {}", names, table.name, where, table.key);
}

// ---- rows

/// "" or what is wrong with a column of the row. Also of rows that are to be stored: they have to be
/// readable again.
template <class Row>
std::string wrong_in(const Column<Row>& column, const Row& row) {
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
      if (std::is_same_v<T, int> && value > column.most)
        return fmt::format("expected a number of at most {}, got {}", column.most, value);
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
std::string wrong_in(const Table<Row, size>& table, const Row& row) {
  for (const Column<Row>& c : table.columns)
    if (std::string why = wrong_in(c, row); !why.empty()) return why;
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
  return why.empty() ? wrong_in(column, row) : fmt::format("{}: {}", column.name, why);
}

/// All rows that a select_statement gives, in order.
template <class Row, size_t size>
Result<std::vector<Row>> read_rows(const Sqlite& db, const Table<Row, size>& table,
                                   Statement& select) {
  std::vector<Row> rows;
  const auto damaged = [&](const Row& row, const std::string& why) {
    return Status(attn::StatusCode::invalid_file,
                  fmt::format("{}: {}: {}", db.file(), table.described(row), why));
  };
  while (select.row()) {
    Row row;
    for (size_t c = 0; c < size; ++c) {
      const std::string why = read(select, static_cast<int>(c), table.columns[c], row);
      if (!why.empty()) return damaged(row, why);
    }
    // SQLite takes a damaged index at its word: without this, pages that point in circles would be
    // read without end.
    if (!rows.empty() && !table.before(rows.back(), row))
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

}  // namespace attnc
