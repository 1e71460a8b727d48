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

struct UseName {
  ScheduleUse use;
  std::string_view word;
};
constexpr UseName use_names[] = {{use_projections, "projections"},
                                 {use_online, "online"},
                                 {use_with_scores, "with_scores"},
                                 {use_few, "few"},
                                 {use_decode, "decode"}};

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

std::string words_of(unsigned uses) {
  std::string words;
  for (const UseName& u : use_names) {
    if (uses & u.use) words += (words.empty() ? "" : " ") + std::string(u.word);
  }
  return words;
}

std::optional<unsigned> uses_from_text(std::string_view words) {
  unsigned uses = 0;
  while (!words.empty()) {
    const std::string_view word = next_word(words);
    const auto at = std::find_if(std::begin(use_names), std::end(use_names),
                                 [&](const UseName& u) { return u.word == word; });
    if (at == std::end(use_names)) return std::nullopt;
    uses |= at->use;
  }
  if (uses == 0) return std::nullopt;
  return uses;
}

}  // namespace attnc
