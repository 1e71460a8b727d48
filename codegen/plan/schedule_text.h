// schedule_text.h - a schedule as one line of text, with every column: "vector=16 rows=4 ...".
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

}  // namespace attnc
