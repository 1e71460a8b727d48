// search.h - the order in which `attnc tune` tries schedules.
//
//   attnc::Search search(space, start, {work}, seed);
//   for (auto batch = search.next(); !batch.empty(); batch = search.next()) {
//     for (const Schedule& s : batch) search.report(s, measure(s) is faster than search.best());
//   }
//
// The first generation is what the model of the space prefers. Each later one holds four neighbours
// of the best schedule so far; where a step along a column has just helped, the next step along it
// comes first. Once all neighbours were tried, random schedules at a distance of two or three steps
// follow. The order depends on the seed and on what is reported, and on nothing else: with the same
// reports it repeats, so a tuning can be replayed from its database.
#pragma once
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tools/tune/space.h"

namespace attnc {

class Search {
 public:
  Search(const ScheduleSpace& space, const Schedule& start, std::vector<KernelWork> calls,
         uint64_t seed);

  /// The next generation; empty where everything near was tried.
  std::vector<Schedule> next();
  /// Says whether a schedule of the generation is better than the best one.
  void report(const Schedule& s, bool better);
  const Schedule& best() const { return best_; }
  int generation() const { return generation_; }  // of what `next` returned last

 private:
  void add(const Schedule& s, std::vector<Schedule>& batch);

  const ScheduleSpace& space_;
  const std::vector<KernelWork> calls_;
  const uint64_t seed_;
  std::mt19937_64 bits_;
  Schedule best_;
  std::optional<Schedule> ahead_;  // one more step in the direction of the last improvement
  std::set<std::string> tried_;
  int generation_ = -1;
};

}  // namespace attnc
