#include "plan/schedule_text.h"

#include <charconv>

namespace attnc {

std::string text_of(const Schedule& schedule) {
  std::string text;
  for (const ScheduleColumn& c : schedule_columns) {
    if (!text.empty()) text += ' ';
    text += std::string(c.name) + "=" + std::to_string(schedule.*c.number);
  }
  return text;
}

std::optional<Schedule> schedule_from_text(std::string_view text) {
  Schedule schedule;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t equals = item.find('=');
    const ScheduleColumn* column = nullptr;
    for (const ScheduleColumn& c : schedule_columns) {
      if (item.substr(0, equals) == c.name) column = &c;
    }
    if (!column || equals == item.npos) return std::nullopt;
    int number = 0;
    const char* last = item.data() + item.size();
    const auto [stop, error] = std::from_chars(item.data() + equals + 1, last, number);
    if (error != std::errc() || stop != last || number < column->least || number > column->most)
      return std::nullopt;
    schedule.*column->number = number;
  }
  return schedule;
}

}  // namespace attnc
