#include "halide/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <map>
#include <string_view>
#include <tuple>

#include "import/printable.h"
#include "import/read_file.h"

namespace attnc {

/// Generated from codegen/schedules/*.txt: the text of each target's file.
extern const std::map<std::string, std::string> schedule_tables;

namespace {

using attn::StatusCode;

constexpr size_t max_file_bytes = size_t{1} << 20;
constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (size_t end = 0; end != line.npos;) {
    end = line.find('|');
    cells.push_back(trimmed(line.substr(0, end)));
    if (end != line.npos) line.remove_prefix(end + 1);
  }
  return cells;
}

/// "" or what is wrong with the cell.
std::string read_number(std::string_view cell, int least, int most, int& number) {
  const char* end = cell.data() + cell.size();
  const auto [stop, error] = std::from_chars(cell.data(), end, number);
  if (error == std::errc() && stop == end && number >= least && number <= most) return "";
  return fmt::format("expected a number from {} to {}, got {}", least, most, in_quotes(cell));
}

std::string read_head_size(std::string_view cell, ScheduleRow& row) {
  if (cell == "*") return "";
  int size = 0;
  if (read_number(cell, 1, std::numeric_limits<int>::max(), size).empty()) {
    row.head_size = size;
    return "";
  }
  return fmt::format("expected the largest size of a head, or * for any, got {}", in_quotes(cell));
}

std::string read_dtype(std::string_view cell, ScheduleRow& row) {
  if (cell == "*") return "";
  const auto& names = attn::policy_names;
  const auto at = std::find(names.begin(), names.end(), cell);
  if (at == names.end()) {
    return fmt::format("expected {}, or * for any, got {}", fmt::join(names, ", "),
                       in_quotes(cell));
  }
  row.dtype = static_cast<attn::DTypePolicy>(at - names.begin());
  return "";
}

std::string read_pipes(std::string_view cell, ScheduleRow& row) {
  if (cell == "*" || read_number(cell, 1, 2, row.pipes).empty()) return "";
  return fmt::format("expected 1 or 2 multiply-add pipes, or * for any processor, got {}",
                     in_quotes(cell));
}

std::string read_text(std::string_view cell, std::string& text) {
  text = cell;
  return cell.empty() ? "expected words, or `not recorded`, got nothing" : "";
}

std::string read_date(std::string_view cell, std::string& text) {
  text = cell;
  bool date = cell.size() == 10;
  for (size_t i = 0; date && i < cell.size(); ++i)
    date = i == 4 || i == 7 ? cell[i] == '-' : cell[i] >= '0' && cell[i] <= '9';
  if (date || cell == "not recorded") return "";
  return fmt::format("expected a day as 2026-11-21, or `not recorded`, got {}", in_quotes(cell));
}

/// Columns that are not parameters of a schedule. All are optional.
struct OtherColumn {
  const char* name;
  std::string (*read)(std::string_view cell, ScheduleRow& row);
};
constexpr OtherColumn other_columns[] = {
    {"head_size", read_head_size},
    {"dtype", read_dtype},
    {"pipes", read_pipes},
    {"measured", [](std::string_view c, ScheduleRow& r) { return read_text(c, r.measured); }},
    {"processor", [](std::string_view c, ScheduleRow& r) { return read_text(c, r.processor); }},
    {"date", [](std::string_view c, ScheduleRow& r) { return read_date(c, r.date); }},
};

std::string read_cell(std::string_view column, std::string_view cell, ScheduleRow& row) {
  for (const OtherColumn& c : other_columns) {
    if (column == c.name) return c.read(cell, row);
  }
  for (const ScheduleColumn& c : schedule_columns) {
    if (column != c.name) continue;
    const std::string wrong = read_number(cell, c.least, c.most, row.schedule.*c.number);
    return wrong.empty() ? "" : fmt::format("{} ({})", wrong, c.meaning);
  }
  return "is no column";  // unreachable: check_columns refuses unknown columns
}

/// "" or what is wrong with the line that names the columns.
std::string check_columns(const std::vector<std::string_view>& columns) {
  std::vector<std::string_view> known, required;
  for (const OtherColumn& c : other_columns) known.emplace_back(c.name);
  for (const ScheduleColumn& c : schedule_columns) {
    known.emplace_back(c.name);
    if (c.required) required.emplace_back(c.name);
  }
  for (std::string_view name : columns) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return fmt::format("there is no column {}; the columns are {}", in_quotes(name),
                         fmt::join(known, ", "));
    }
    if (std::count(columns.begin(), columns.end(), name) > 1)
      return fmt::format("the column {} is there twice", name);
  }
  for (std::string_view name : required) {
    if (std::find(columns.begin(), columns.end(), name) == columns.end())
      return fmt::format("there has to be a column {}", name);
  }
  return "";
}

}  // namespace

std::string impossible(const Schedule& s, const TargetInfo& target) {
  if ((s.vector & (s.vector - 1)) != 0)
    return fmt::format("vector {} is no power of two", s.vector);
  if (s.vector > target.vector) {
    return fmt::format("vector {} is more than the {} numbers that a vector of {} holds", s.vector,
                       target.vector, target.name);
  }
  struct {
    const char* of;
    int rows, vectors;
  } const tiles[] = {{"", s.tile_rows, s.tile_vectors},
                     {" of values", s.tile_rows, s.value_vectors},
                     {" of scores", s.rows_of_scores(), s.vectors_of_scores(false)}};
  for (const auto& t : tiles) {
    if (t.rows * t.vectors <= target.registers) continue;
    return fmt::format("{} rows of {} vectors{} are more than the {} registers of {}", t.rows,
                       t.vectors, t.of, target.registers, target.name);
  }
  struct {
    const char *name, *of;
    int number, divisor;
  } const multiples[] = {
      {"vector", "rows", s.vector, s.tile_rows},
      {"query_tile", "rows", s.query_tile, s.tile_rows},
      {"scores_query_tile", "rows", s.scores_query_tile, s.tile_rows},
      {"query_tile", "score_rows", s.query_tile, s.rows_of_scores()},
      {"scores_query_tile", "score_rows", s.scores_query_tile, s.rows_of_scores()},
      {"decode_keys", "vector", s.decode_keys, s.vector},
      {"few_keys", "vector", s.few_keys, s.vector},
      {"decode_keys", "decode_block_keys", s.decode_keys, s.decode_block_keys}};
  for (const auto& m : multiples) {
    if (m.number % m.divisor != 0)
      return fmt::format("{} {} is no multiple of {} {}", m.name, m.number, m.of, m.divisor);
  }
  return "";
}

Result<std::vector<ScheduleRow>> read_schedules(const std::string& text, const std::string& file,
                                                const TargetInfo& target) {
  std::vector<std::string_view> columns;
  std::vector<ScheduleRow> rows;
  int number = 0;
  const auto invalid = [&](const std::string& why) {
    return Status(StatusCode::invalid_file, fmt::format("{}:{}: {}", file, number, why));
  };
  for (std::string_view rest = text; !rest.empty();) {
    ++number;
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string_view> cells = cells_of(line);
    if (columns.empty()) {
      columns = cells;
      if (std::string wrong = check_columns(columns); !wrong.empty()) return invalid(wrong);
      continue;
    }
    if (cells.size() != columns.size()) {
      return invalid(
          fmt::format("expected {} cells with | between them, one for each column, got {}",
                      columns.size(), cells.size()));
    }
    ScheduleRow row;
    row.line = number;
    for (size_t c = 0; c < cells.size(); ++c) {
      if (std::string wrong = read_cell(columns[c], cells[c], row); !wrong.empty())
        return invalid(fmt::format("{}: {}", columns[c], wrong));
    }
    if (row.pipes > 0 && !has_variants_by_pipes(target)) {
      return invalid(
          fmt::format("pipes: expected *, as processors that run {} are not told apart, "
                      "got {}",
                      target.name, row.pipes));
    }
    if (std::string why = impossible(row.schedule, target); !why.empty()) return invalid(why);
    for (const ScheduleRow& other : rows) {
      if (other.dtype == row.dtype && other.head_size == row.head_size &&
          other.pipes == row.pipes) {
        return invalid(fmt::format(
            "is for the same dtype, head_size and pipes as line {}: delete one", other.line));
      }
    }
    rows.push_back(std::move(row));
  }
  if (rows.empty()) {
    return Status(StatusCode::invalid_file,
                  fmt::format("{}: expected a line with the names of columns, and rows under it, "
                              "got no row",
                              file));
  }
  return rows;
}

Result<ScheduleFile> schedule_file(const std::string& target) {
  const auto built_in = schedule_tables.find(target);
  if (built_in == schedule_tables.end()) {
    return Status(StatusCode::not_found,
                  fmt::format("there is no target `{}`; attnc knows {}", target, target_list()));
  }
  const char* directory = std::getenv("ATTNC_SCHEDULES");
  if (!directory || !*directory) {
    const std::string name = "codegen/schedules/" + target + ".txt";
    return ScheduleFile{name, built_in->second, name};
  }
  const std::string file = std::string(directory) + "/" + target + ".txt";
  Result<std::string> text = read_file(file, max_file_bytes);
  if (text.ok()) return ScheduleFile{file, *std::move(text), "$ATTNC_SCHEDULES/" + target + ".txt"};
  if (text.status().code() != StatusCode::not_found) return text.status();
  return Status(StatusCode::not_found,
                fmt::format("ATTNC_SCHEDULES names {}, and there is no file {}", directory, file));
}

const ScheduleRow* best_row(const std::vector<ScheduleRow>& rows, int head_size,
                            attn::DTypePolicy dtype, int pipes) {
  const auto generality = [](const ScheduleRow& row) {
    return std::tuple(row.pipes == 0, !row.dtype,
                      row.head_size.value_or(std::numeric_limits<int>::max()));
  };
  const ScheduleRow* best = nullptr;
  for (const ScheduleRow& row : rows) {
    if (row.dtype.value_or(dtype) != dtype || row.head_size.value_or(head_size) < head_size ||
        (row.pipes != 0 && row.pipes != pipes))
      continue;
    if (!best || generality(row) < generality(*best)) best = &row;
  }
  return best;
}

Result<ScheduleRow> row_for(const std::string& target, int key_size, int value_size,
                            attn::DTypePolicy dtype, int pipes) {
  Result<ScheduleFile> file = schedule_file(target);
  if (!file.ok()) return file.status();
  Result<std::vector<ScheduleRow>> rows =
      read_schedules(file->text, file->name, *find_target(target));
  if (!rows.ok()) return rows.status();
  const int size = std::max(key_size, value_size);
  if (const ScheduleRow* best = best_row(*rows, size, dtype, pipes)) {
    ScheduleRow row = *best;
    row.file = file->shown_name;
    return row;
  }
  return Status(StatusCode::invalid_file,
                fmt::format("{}: has no row for heads of size {} in {}{}", file->name, size,
                            attn::policy_names[static_cast<size_t>(dtype)],
                            best_row(*rows, size, dtype, 1) || best_row(*rows, size, dtype, 2)
                                ? " with pipes *, for processors that no other row is for"
                                : ""));
}

std::string place_of(const ScheduleRow& row) {
  std::string out = fmt::format("{}:{}, for ", row.file, row.line);
  if (row.pipes > 0)
    out += fmt::format("processors with {} pipe{}, ", row.pipes, row.pipes == 1 ? "" : "s");
  if (!row.dtype && !row.head_size) return out + "any dtype and head size";
  out += row.dtype ? attn::policy_names[static_cast<size_t>(*row.dtype)] : "any dtype";
  if (!row.head_size) return out + " and any head size";
  return out + fmt::format(" and heads of at most {}", *row.head_size);
}

Schedule adapted(Schedule row, attn::DTypePolicy dtype) {
  if (dtype == attn::DTypePolicy::float64) {  // a vector holds half as many numbers
    row.vector /= 2;
    row.tile_rows = std::min(row.tile_rows, row.vector);
  }
  return row;
}

Result<Schedule> schedule_for(const std::string& target, int key_size, int value_size,
                              attn::DTypePolicy dtype) {
  const Result<ScheduleRow> row = row_for(target, key_size, value_size, dtype);
  if (!row.ok()) return row.status();
  return adapted(row->schedule, dtype);
}

}  // namespace attnc
