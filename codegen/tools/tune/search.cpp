#include "tools/tune/search.h"

#include <algorithm>

#include "plan/schedule_text.h"

namespace attnc {
namespace {

constexpr size_t first_width = 6, width = 4;
constexpr int most_jumps = 200;  // draws without a schedule that was not tried before

/// A shuffle that is the same with every standard library, unlike std::shuffle.
template <class T>
void shuffle(std::vector<T>& items, std::mt19937_64& bits) {
  for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[bits() % i]);
}

/// The schedule beyond `to` on the line from `from`, among the neighbours of `to`.
std::optional<Schedule> beyond(const Schedule& from, const Schedule& to,
                               const std::vector<Schedule>& neighbours) {
  if (differences(from, to) != 1) return std::nullopt;
  for (const ScheduleColumn& c : schedule_columns) {
    const int step = to.*c.number - from.*c.number;
    if (step == 0) continue;
    for (const Schedule& s : neighbours) {
      if ((step > 0 && s.*c.number > to.*c.number) || (step < 0 && s.*c.number < to.*c.number))
        return s;
    }
  }
  return std::nullopt;
}

}  // namespace

Search::Search(const ScheduleSpace& space, const Schedule& start, std::vector<KernelWork> calls,
               uint64_t seed)
    : space_(space), calls_(std::move(calls)), seed_(seed), bits_(seed), best_(start) {
  tried_.insert(text_of(start));
}

void Search::add(const Schedule& s, std::vector<Schedule>& batch) {
  if (tried_.insert(text_of(s)).second) batch.push_back(s);
}

std::vector<Schedule> Search::next() {
  std::vector<Schedule> batch;
  if (++generation_ == 0) {
    for (const Schedule& s : space_.promising(calls_, first_width, seed_)) add(s, batch);
    if (!batch.empty()) return batch;
  }
  if (ahead_) add(*ahead_, batch);
  ahead_.reset();
  std::vector<Schedule> near = space_.neighbours(best_);
  shuffle(near, bits_);
  for (const Schedule& s : near) {
    if (batch.size() < width) add(s, batch);
  }
  for (int jump = 0; batch.empty() && jump < most_jumps; ++jump) {
    Schedule s = best_;
    for (uint64_t steps = 2 + bits_() % 2; steps > 0; --steps) {
      const std::vector<Schedule> around = space_.neighbours(s);
      if (!around.empty()) s = around[bits_() % around.size()];
    }
    add(s, batch);
  }
  return batch;
}

void Search::report(const Schedule& s, bool better) {
  if (!better) return;
  ahead_ = beyond(best_, s, space_.neighbours(s));
  best_ = s;
}

}  // namespace attnc
