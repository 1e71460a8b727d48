// schedule.h - which tuned numbers a layer's kernels are made with: the rows of ../schedules.
//
//   auto schedule = attnc::schedule_for("avx2", /*key_size=*/64, /*value_size=*/64);
//   if (!schedule.ok()) return schedule.status();   // "my/avx2.txt:7: rows: expected ..."
//
// The format of the files stands in ../schedules/README.md; what the numbers mean, in
// plan/schedule.h.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "attn/nodes.h"
#include "attn/runtime/status.h"
#include "halide/targets.h"
#include "plan/schedule.h"

namespace attnc {

using attn::Result;
using attn::Status;

/// A row of a file: the work that it is for, its numbers, and where they come from.
struct ScheduleRow {
  int line = 0;
  std::optional<attn::DTypePolicy> dtype;  // none: any
  std::optional<int> head_size;            // the largest key or value size; none: any
  Schedule schedule;
  std::string measured, processor, date;  // "" where the file has no such column
};

/// All rows of a file for a target, in order. Every number is in its range, and so are all numbers
/// of a row together; no two rows are for the same work. `file` is for sentences, "FILE:LINE: ...".
Result<std::vector<ScheduleRow>> read_schedules(const std::string& text, const std::string& file,
                                                const TargetInfo& target);

/// A target's file: TARGET.txt in the folder $ATTNC_SCHEDULES where that is set, else the one that
/// is compiled in. A sentence where the target is unknown, or there is no such file.
struct ScheduleFile {
  std::string name, text;
};
Result<ScheduleFile> schedule_file(const std::string& target);

/// The row of a target's file that says most about such a layer: one for its dtype before one for
/// any, then the one for the smallest heads that holds these. Under float64 a vector holds half as
/// many numbers, and tiles are no higher than that.
Result<Schedule> schedule_for(const std::string& target, int key_size, int value_size,
                              attn::DTypePolicy dtype = {});

}  // namespace attnc
