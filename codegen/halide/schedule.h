// schedule.h - chooses the schedule of a layer's kernels from the rows of ../schedules.
//
//   auto schedule = attnc::schedule_for("avx2", /*key_size=*/64, /*value_size=*/64);
//   if (!schedule.ok()) return schedule.status();   // "my/avx2.txt:7: rows: expected ..."
//
// ../schedules/README.md describes the format of the files, plan/schedule.h what the numbers mean.
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

/// A row of a file: the layers that it is for, its numbers, and where they come from.
struct ScheduleRow {
  int line = 0;
  std::optional<attn::DTypePolicy> dtype;  // none: any
  std::optional<int> head_size;            // the largest key or value size; none: any
  int pipes = 0;                           // of the processors that it is for: 1, 2, or 0 for any
  Schedule schedule;
  std::string measured, processor, date;  // "" where the file has no such column
  std::string file{};                     // ScheduleFile::shown_name, if row_for() found the row
};

/// All rows of a target's file, in order. Checks that every number is in its range, that the
/// numbers of a row are possible together, and that no two rows have the same dtype, head_size and
/// pipes.
/// `file` is for error messages, "FILE:LINE: ...".
Result<std::vector<ScheduleRow>> read_schedules(const std::string& text, const std::string& file,
                                                const TargetInfo& target);

/// A target's file: TARGET.txt in the folder $ATTNC_SCHEDULES if that is set, else the one compiled
/// in. An error where the target is unknown or the file does not exist.
struct ScheduleFile {
  std::string name, text;
  std::string shown_name;  // for texts that are the same on every machine:
                           // "codegen/schedules/avx2.txt", "$ATTNC_SCHEDULES/avx2.txt"
};
Result<ScheduleFile> schedule_file(const std::string& target);

/// The most specific of a file's rows for such a layer, on processors with so many pipes (0: on
/// any): a row for these processors before one for any, then a row for its dtype before one for any
/// dtype, then the smallest head_size that is at least the larger of key and value size. Null if
/// there is none.
const ScheduleRow* best_row(const std::vector<ScheduleRow>& rows, int head_size,
                            attn::DTypePolicy dtype, int pipes = 0);
/// That row of a target's file; an error if there is none.
Result<ScheduleRow> row_for(const std::string& target, int key_size, int value_size,
                            attn::DTypePolicy dtype = {}, int pipes = 0);
/// Which row it is, and for which layers: "codegen/schedules/avx2.txt:4, for float64 and heads of at
/// most 64", "codegen/schedules/avx2.txt:5, for processors with 2 pipes, any dtype and head size".
/// The same text on every machine.
std::string place_of(const ScheduleRow& row);
/// A row's numbers as kernels take them: under float64 a vector holds half as many numbers, and a
/// register tile has at most that many rows.
Schedule adapted(Schedule row, attn::DTypePolicy dtype);
/// The two together.
Result<Schedule> schedule_for(const std::string& target, int key_size, int value_size,
                              attn::DTypePolicy dtype = {});

/// "" or why no kernel can be made with the numbers of such a row, each of which is in its range.
std::string impossible(const Schedule& row, const TargetInfo& target);

}  // namespace attnc
