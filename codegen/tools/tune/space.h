// space.h - the schedules that `attnc tune` chooses from, and which of them look best on paper.
//
//   attnc::ScheduleSpace space(target, attnc::use_online, start);
//   for (const Schedule& s : space.neighbours(start)) ...      // one column differs, by one step
//   for (const Schedule& s : space.promising({work}, 6, seed)) ...
//
// A column that the kernels read takes the numbers in ScheduleColumn::steps, and the one that it
// starts with; all others stay as they are.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "halide/targets.h"
#include "plan/schedule.h"

namespace attnc {

/// What kernels have to do, for the model of their time.
struct KernelWork {
  double rows = 1;     // queries times the query heads that read one key head, of one sequence
  double queries = 1;  // of one sequence
  double keys = 1;
  int key_size = 64, value_size = 64;
};

/// Several as text, "512 512 512 64 64; ...", and the inverse; nothing for another text.
std::string text_of(const std::vector<KernelWork>& calls);
std::optional<std::vector<KernelWork>> work_from_text(const std::string& text);

class ScheduleSpace {
 public:
  /// `uses` are bits of ScheduleUse: of the kernels that are tuned.
  ScheduleSpace(const TargetInfo& target, unsigned uses, const Schedule& start);

  /// Schedules with one column a step up or down that kernels can be made with, in the columns'
  /// order.
  std::vector<Schedule> neighbours(const Schedule& s) const;

  /// The `count` best for all calls together by the model, best first, of schedules that are drawn at random from `seed`.
  /// Any two, and the start, differ in at least two columns, so that the model's errors do not
  /// repeat.
  std::vector<Schedule> promising(const std::vector<KernelWork>& calls, size_t count,
                                  uint64_t seed) const;

 private:
  struct Choice {
    const ScheduleColumn* column;
    std::vector<int> numbers;  // ascending
  };
  const TargetInfo& target_;
  const unsigned uses_;
  const Schedule start_;
  std::vector<Choice> choices_;
};

/// The columns in which two schedules differ.
int differences(const Schedule& a, const Schedule& b);

/// Cycles for one key head and sequence on a core with two pipes for multiply-adds, as far as a
/// model of registers and caches tells. It knows: sums in flight hide a latency of four cycles; a
/// step of a register tile loads one number a row and `vectors` vectors, two loads a cycle; tiles
/// are computed whole, so what is past the last row or column is for nothing; what is read again and
/// again has to stay in a cache of 32 kB, or of 1 MB.
double modelled_cycles(const Schedule& s, const TargetInfo& target, unsigned uses,
                       const KernelWork& work);

}  // namespace attnc
