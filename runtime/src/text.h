// text.h - concatenates strings and integers, mostly for error messages: text("axis ", 2, " has
// length ", n).
#pragma once
#include <concepts>
#include <string>
#include <string_view>

namespace attn {

inline void append_text(std::string& to, std::string_view part) { to += part; }
template <std::integral T>
void append_text(std::string& to, T part) {
  to += std::to_string(part);
}

template <class... Part>
std::string text(const Part&... part) {
  std::string result;
  (append_text(result, part), ...);
  return result;
}

/// `name` between backquotes, safe to print whatever a file holds: control characters become '?',
/// and it is cut to at most 80 bytes.
inline std::string quoted(std::string_view name) {
  constexpr size_t longest = 80;
  std::string result = "`";
  size_t end = name.size() <= longest ? name.size() : longest;
  // Do not cut within a UTF-8 sequence.
  while (end < name.size() && end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80)
    --end;
  for (char c : name.substr(0, end)) {
    result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return result + (end < name.size() ? "...`" : "`");
}

}  // namespace attn
