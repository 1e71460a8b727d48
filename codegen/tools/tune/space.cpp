#include "tools/tune/space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

#include "halide/schedule.h"

namespace attnc {
namespace {

constexpr double near_cache = 32 << 10, far_cache = 1 << 20;  // bytes

struct Tile {
  int rows, vectors, lanes;
};

/// The sums of `rows` x `columns` products of `depth` numbers, in register tiles.
double product_cycles(const Tile& t, int registers, double rows, double columns, double depth) {
  const double sums = t.rows * t.vectors;
  double step = std::max({sums / 2, (t.rows + t.vectors) / 2.0, 4.0});
  if (t.rows * t.vectors + t.vectors + 1 > registers) step += 2 * sums;  // sums live in memory
  return std::ceil(rows / t.rows) * std::ceil(columns / (t.vectors * t.lanes)) * depth * step;
}

/// Reading `bytes`, from a cache that holds `kept` bytes.
double reading_cycles(double bytes, double kept) {
  const double a_cycle = kept <= near_cache ? 128 : kept <= far_cache ? 32 : 8;
  return bytes / a_cycle;
}

/// A task's attention of `rows` on `keys`: two products and the softmax between them.
double task_cycles(const Schedule& s, const TargetInfo& target, const KernelWork& w, double rows,
                   double keys, const Tile& scores) {
  const int lanes = s.lanes_of(w.value_size),
            vectors = s.value_vectors_of((w.value_size + lanes - 1) / lanes);
  return product_cycles(scores, target.registers, rows, keys, w.key_size) +
         product_cycles({s.tile_rows, vectors, lanes}, target.registers, rows, w.value_size, keys) +
         rows * keys / s.vector * 8;  // an exponential is some 16 instructions
}

}  // namespace

double modelled_cycles(const Schedule& s, const TargetInfo& target, unsigned uses,
                       const KernelWork& w) {
  const double row_bytes = 4.0 * (w.key_size + w.value_size), of_task = 400;
  const Tile scores{s.rows_of_scores(), s.vectors_of_scores(false), s.vector};
  double cycles = 0;
  if (uses & use_online) {
    const double tile = std::min<double>(s.query_tile, w.queries),
                 tasks = std::ceil(w.queries / s.query_tile),
                 block = std::min<double>(s.key_block, w.keys), blocks = std::ceil(w.keys / block);
    cycles += tasks *
              (blocks * (task_cycles(s, target, w, tile, block, scores) +
                         tile * (w.value_size / s.vector + 12.0)) +  // rescales what was summed
               reading_cycles(w.keys * row_bytes, w.keys * row_bytes) +
               reading_cycles(blocks * block * row_bytes * tile / s.tile_rows, block * row_bytes) +
               reading_cycles(2 * tile * w.keys * 4, 2 * tile * block * 4) + of_task);
  }
  if (uses & use_with_scores) {
    const double tile = std::min<double>(s.scores_query_tile, w.queries);
    cycles += std::ceil(w.queries / s.scores_query_tile) *
              (task_cycles(s, target, w, tile, w.keys, scores) +
               reading_cycles(w.keys * row_bytes, w.keys * row_bytes) +
               reading_cycles(3 * tile * w.keys * 4, tile * w.keys * 4) + of_task);
  }
  if (uses & use_few) {
    const double tile = std::min<double>(s.query_tile, w.rows),
                 chunk = std::min<double>(s.few_keys, w.keys);
    cycles += std::ceil(w.rows / s.query_tile) * std::ceil(w.keys / chunk) *
              (task_cycles(s, target, w, tile, chunk, {s.tile_rows, s.tile_vectors, s.vector}) +
               reading_cycles(chunk * row_bytes, 2 * far_cache) + of_task);
  }
  if (uses & use_projections) {
    const double depth = 512;  // any: the shape of a tile does not depend on it
    cycles += std::ceil(w.queries / s.task_rows) *
              (product_cycles({s.tile_rows, s.tile_vectors, s.vector}, target.registers,
                              std::min<double>(s.task_rows, w.queries), w.key_size, depth) +
               of_task);
  }
  return cycles;
}

std::string text_of(const std::vector<KernelWork>& calls) {
  std::string text;
  for (const KernelWork& w : calls)
    text += fmt::format("{}{} {} {} {} {}", text.empty() ? "" : "; ", w.rows, w.queries, w.keys,
                        w.key_size, w.value_size);
  return text;
}

std::optional<std::vector<KernelWork>> work_from_text(const std::string& text) {
  std::vector<KernelWork> calls;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find("; ", at), text.size());
    KernelWork w;
    int length = 0;
    const std::string one = text.substr(at, end - at);
    const int read = std::sscanf(one.c_str(), "%lf %lf %lf %d %d%n", &w.rows, &w.queries, &w.keys,
                                 &w.key_size, &w.value_size, &length);
    const bool counts = w.rows >= 1 && w.queries >= 1 && w.keys >= 1 && w.key_size >= 0 &&
                        w.value_size >= 0 && w.rows < 1e18 && w.queries < 1e18 && w.keys < 1e18;
    if (read != 5 || static_cast<size_t>(length) != one.size() || !counts) return std::nullopt;
    calls.push_back(w);
    at = end + 2;
  }
  return calls;
}

int differences(const Schedule& a, const Schedule& b) {
  int count = 0;
  for (const ScheduleColumn& c : schedule_columns) count += a.*c.number != b.*c.number;
  return count;
}

ScheduleSpace::ScheduleSpace(const TargetInfo& target, unsigned uses, const Schedule& start)
    : target_(target), uses_(uses), start_(start) {
  for (const ScheduleColumn& c : schedule_columns) {
    if (!(c.used_by & uses)) continue;
    Choice choice{&c, {start.*c.number}};
    for (int step : c.steps) {
      if (step < 0) break;
      choice.numbers.push_back(step);
    }
    std::sort(choice.numbers.begin(), choice.numbers.end());
    const auto same = std::unique(choice.numbers.begin(), choice.numbers.end());
    choice.numbers.erase(same, choice.numbers.end());
    choices_.push_back(std::move(choice));
  }
}

std::vector<Schedule> ScheduleSpace::neighbours(const Schedule& s) const {
  std::vector<Schedule> out;
  for (const Choice& choice : choices_) {
    const int now = s.*choice.column->number;
    const auto at = std::lower_bound(choice.numbers.begin(), choice.numbers.end(), now);
    for (int by : {-1, 1}) {
      if (by < 0 ? at == choice.numbers.begin() : at + 1 >= choice.numbers.end()) continue;
      Schedule next = s;
      next.*choice.column->number = *(at + by);
      if (impossible(next, target_).empty()) out.push_back(next);
    }
  }
  return out;
}

std::vector<Schedule> ScheduleSpace::promising(const std::vector<KernelWork>& calls, size_t count,
                                               uint64_t seed) const {
  constexpr int draws = 20'000;
  std::mt19937_64 bits(seed);
  std::vector<std::pair<double, Schedule>> drawn;
  for (int i = 0; i < draws; ++i) {
    Schedule s = start_;
    for (const Choice& choice : choices_)
      s.*choice.column->number = choice.numbers[bits() % choice.numbers.size()];
    if (!impossible(s, target_).empty()) continue;
    double cycles = 0;
    for (const KernelWork& work : calls) cycles += modelled_cycles(s, target_, uses_, work);
    drawn.emplace_back(cycles, s);
  }
  std::stable_sort(drawn.begin(), drawn.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Schedule> out;
  for (const auto& [cycles, s] : drawn) {
    if (out.size() == count) break;
    const bool far = std::all_of(out.begin(), out.end(), [&s = s](const Schedule& other) {
      return differences(s, other) >= 2;
    });
    if (far && differences(s, start_) >= 2) out.push_back(s);
  }
  return out;
}

}  // namespace attnc
