// schedule.cpp - reads the tables in codegen/schedules/, which are compiled in.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "halide/emit_kernels.h"

namespace attnc {

/// Generated from codegen/schedules/*.txt: pairs of target and text.
extern const std::map<std::string, std::string> schedule_tables;

Result<std::string> schedule_table(const std::string& target) {
  const auto built_in = schedule_tables.find(target);
  if (built_in == schedule_tables.end()) {
    std::string known;
    for (const std::string& name : target_names()) known += (known.empty() ? "" : ", ") + name;
    return Status(attn::StatusCode::not_found,
                  fmt::format("there is no target `{}`; attnc knows {}", target, known));
  }
  const char* directory = std::getenv("ATTNC_SCHEDULES");
  if (!directory || !*directory) return built_in->second;
  const std::string file = std::string(directory) + "/" + target + ".txt";
  std::ifstream in(file);
  if (!in) {
    return Status(
        attn::StatusCode::not_found,
        fmt::format("ATTNC_SCHEDULES names {}, and there is no file {}", directory, file));
  }
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

namespace {

bool sensible(const Schedule& s) {
  const auto between = [](int v, int low, int high) { return v >= low && v <= high; };
  return between(s.vector, 4, 16) && (s.vector & (s.vector - 1)) == 0 &&
         between(s.tile_rows, 1, 8) && s.vector % s.tile_rows == 0 &&
         between(s.tile_vectors, 1, 8) && between(s.task_rows, 1, 4096) &&
         between(s.query_tile, 1, 512) && s.query_tile % s.tile_rows == 0 &&
         between(s.key_block, 1, 8192) && between(s.scores_query_tile, 1, 512) &&
         s.scores_query_tile % s.tile_rows == 0;
}

}  // namespace

Result<Schedule> schedule_for(const std::string& target, int key_size, int value_size,
                              attn::DTypePolicy dtype) {
  Result<std::string> table = schedule_table(target);
  if (!table.ok()) return table.status();
  std::istringstream lines(*table);
  const int size = std::max(key_size, value_size);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    std::istringstream row(line);
    std::string limit;
    Schedule s;
    row >> limit >> s.vector >> s.tile_rows >> s.tile_vectors >> s.task_rows >> s.query_tile >>
        s.key_block >> s.scores_query_tile;
    const bool complete = !row.fail() && (row >> std::ws).eof();
    char* end = nullptr;
    const long largest = limit == "*" ? 1 : std::strtol(limit.c_str(), &end, 10);
    if (!complete || (end && *end) || largest < 1 || !sensible(s)) {
      return Status(
          attn::StatusCode::invalid_file,
          fmt::format("the schedules for {}, line {}: expected a head size (or *) and seven "
                      "numbers in their ranges, got `{}`",
                      target, number, line));
    }
    if (limit != "*" && size > largest) continue;
    if (dtype == attn::DTypePolicy::float64) {  // a vector holds half as many
      s.vector /= 2;
      s.tile_rows = std::min(s.tile_rows, s.vector);
    }
    return s;
  }
  return Status(attn::StatusCode::invalid_file,
                fmt::format("the schedules for {} have no row for heads of size {}", target, size));
}

}  // namespace attnc
