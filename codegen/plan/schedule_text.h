// schedule_text.h - a schedule as one line of text, with every column: "vector=16 rows=4 ...".
//
//   std::string line = attnc::text_of(schedule);
//   std::optional<attnc::Schedule> same = attnc::schedule_from_text(line);
//   if (*attnc::uses_from_text("online few") & column.used_by) ...
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "plan/schedule.h"

namespace attnc {

std::string text_of(const Schedule& schedule);
/// The inverse. Columns that the text leaves out have their defaults; nothing if it names an
/// unknown column, or a number out of the column's range.
std::optional<Schedule> schedule_from_text(std::string_view text);

/// Bits of ScheduleUse as words with one blank between them: "projections online".
std::string words_of(unsigned uses);
/// The inverse. Nothing if there is an unknown word, or none.
std::optional<unsigned> uses_from_text(std::string_view words);

}  // namespace attnc
