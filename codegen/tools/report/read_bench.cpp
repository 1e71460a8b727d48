#include "tools/report/read_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "import/read_file.h"
#include "tools/report/read_json.h"

namespace attnc::report {
namespace {

Result<BenchMachine> machine_of(const Json& object, const std::string& where) {
  Members line(object, where);
  BenchMachine machine;
  machine.name = line.text("machine");
  machine.fma_gflops = line.number("fma_gflops");
  machine.read_gbps = line.number("read_gbps");
  if (!line.status().ok()) return line.status();
  return machine;
}

/// Longer lines are not those of a case: an object is read in the order of its members only if it
/// has few, as finding one then takes as many steps.
constexpr size_t longest_line = size_t{64} << 10;

/// The stages in the order of the line, which is that of the calls; Json has them by name.
void put_in_order(const std::string& text, std::vector<std::pair<std::string, double>>& stages) {
  const auto line = nlohmann::ordered_json::parse(text, nullptr, false);
  std::map<std::string, size_t> place;
  for (const auto& [name, seconds] : line["stages"].items()) place.emplace(name, place.size());
  std::stable_sort(stages.begin(), stages.end(),
                   [&](const auto& a, const auto& b) { return place[a.first] < place[b.first]; });
}

Result<BenchLine> line_of(const Json& object, const std::string& text, const std::string& where) {
  Members line(object, where);
  BenchLine out;
  out.name = line.text("case");
  out.peer = line.has("peer") ? line.text("peer") : "attnc";
  if (line.has("skipped")) {
    out.skipped = line.text("skipped");
    if (out.skipped.empty()) line.wrong("`skipped`: expected why, got nothing");
  } else {
    out.median = line.number("median_s");
    out.gflops = line.number("gflops");
    out.least = line.number_or_zero("min_s");
    out.runs = line.number_or_zero("runs");
    if (line.has("max_error")) out.max_error = line.number_from_zero("max_error");
    out.stages = line.numbers_if_any("stages");
  }
  if (!line.status().ok()) return line.status();
  if (out.stages.size() > 1) put_in_order(text, out.stages);
  return out;
}

}  // namespace

Result<BenchFile> bench_from_text(const std::string& text, const std::string& file) {
  BenchFile out{file, {}, {}};
  size_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1, ++number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const std::string where = fmt::format("{}: line {}", file, number);
    if (line.size() > longest_line) {
      return Status(attn::StatusCode::invalid_file,
                    fmt::format("{}: {} characters are too many for a case", where, line.size()));
    }
    const Result<Json> object = json_of(line, where);
    if (!object.ok()) return object.status();
    if (object->is_object() && object->contains("machine")) {
      Result<BenchMachine> machine = machine_of(*object, where);
      if (!machine.ok()) return machine.status();
      out.machines.push_back(*std::move(machine));
      continue;
    }
    Result<BenchLine> read = line_of(*object, line, where);
    if (!read.ok()) return read.status();
    if (out.machines.empty()) {
      return Status(attn::StatusCode::invalid_file,
                    where +
                        ": expected the machine and its limits first, as `attnc bench` "
                        "prints them");
    }
    read->machine = out.machines.size() - 1;
    out.lines.push_back(*std::move(read));
  }
  if (out.machines.empty()) {
    return Status(attn::StatusCode::invalid_file,
                  file + ": expected lines of `attnc bench`, got an empty file");
  }
  return out;
}

Result<BenchFile> read_bench(const std::string& file) {
  const Result<std::string> text = read_file(file, most_json_bytes);
  if (!text.ok()) return text.status();
  return bench_from_text(*text, file);
}

std::optional<SweepCase> sweep_case(const std::string& name) {
  size_t digits = name.size();
  while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9') --digits;
  const size_t count = name.size() - digits;
  if (count < 1 || count > 9 || digits < 3 || name[digits - 2] != '-') return std::nullopt;
  const char axis = name[digits - 1];
  const double value = std::stod(name.substr(digits));
  if ((axis != 'T' && axis != 'S' && axis != 'D') || value < 1) return std::nullopt;
  return SweepCase{name.substr(0, digits - 2), axis, value};
}

}  // namespace attnc::report
