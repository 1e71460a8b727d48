// printable.h - texts from files, as messages and tables may show them.
//
//   fmt::format("expected a number, got {}", attnc::in_quotes(cell));   // "... got `soup`"
#pragma once
#include <string>
#include <string_view>

namespace attnc {

/// The text with `?` in place of control characters: they would break a line, or command a
/// terminal.
inline std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return out;
}

/// The beginning of the text, printable, between backquotes.
inline std::string in_quotes(std::string_view text) {
  constexpr size_t longest = 60;
  return "`" + printable(text.substr(0, longest)) + (text.size() > longest ? "...`" : "`");
}

}  // namespace attnc
