#include "plan/schedule_text.h"

#include <algorithm>
#include <charconv>

namespace attnc {
namespace {

/// Takes the text up to the next blank, and the blank.
std::string_view next_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

}  // namespace

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
    const std::string_view item = next_word(text);
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

std::optional<unsigned> uses_from_text(std::string_view words) {
  constexpr struct {
    std::string_view word;
    ScheduleUse use;
  } names[] = {{"projections", use_projections},
               {"online", use_online},
               {"with_scores", use_with_scores},
               {"few", use_few},
               {"decode", use_decode}};
  unsigned uses = 0;
  while (!words.empty()) {
    const std::string_view word = next_word(words);
    const auto at = std::find_if(std::begin(names), std::end(names),
                                 [&](const auto& name) { return name.word == word; });
    if (at == std::end(names)) return std::nullopt;
    uses |= at->use;
  }
  if (uses == 0) return std::nullopt;
  return uses;
}

}  // namespace attnc
