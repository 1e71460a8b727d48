#include "tools/report/markup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace attnc::report {
namespace {

constexpr const char* replacement = "\xef\xbf\xbd";  // U+FFFD

struct Character {
  uint32_t code = 0;
  size_t bytes = 1;
  bool valid = false;
};

/// The character at `at`. A byte that begins none is one that is not valid.
Character character_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at);
  if (first < 0x80) return {first, 1, true};
  const size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + bytes > text.size()) return {};
  uint32_t code = first & (0x7fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(at + i) & 0x3f);
  }
  const bool too_long = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  if (too_long || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, bytes, true};
}

/// Whether a page can contain the character: XML has it, and it does not turn text around.
bool can_be_shown(uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n';
  const bool turns =
      (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0x200f;
  return !turns && code != 0xfffe && code != 0xffff && !(code >= 0x7f && code < 0xa0);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (!c.valid || !can_be_shown(c.code)) {
      out += replacement;
    } else if (c.code == '&') {
      out += "&amp;";
    } else if (c.code == '<') {
      out += "&lt;";
    } else if (c.code == '>') {
      out += "&gt;";
    } else if (c.code == '"') {
      out += "&quot;";
    } else if (c.code == '\'') {
      out += "&#39;";
    } else {
      out += text.substr(at, c.bytes);
    }
    at += c.bytes;
  }
  return out;
}

std::string shortened(std::string_view text, size_t most) {
  size_t characters = 0, kept = 0;
  for (size_t at = 0; at < text.size(); at += character_at(text, at).bytes) {
    if (characters + 1 == most) kept = at;
    if (++characters > most) return std::string(text.substr(0, kept)) + "\xe2\x80\xa6";
  }
  return std::string(text);
}

std::string number_text(double value) {
  const double size = std::abs(value);
  if (size == 0) return "0";
  if (size >= 1e6 || size < 1e-3) return fmt::format("{:.2e}", value);
  const int decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return fmt::format("{:.{}f}", value, decimals);
}

std::string time_text(double seconds) {
  const auto [unit, name] = seconds >= 1      ? std::pair{1.0, "s"}
                            : seconds >= 1e-3 ? std::pair{1e3, "ms"}
                                              : std::pair{1e6, "µs"};
  const double value = seconds * unit;
  if (value >= 1e6 || value < 1e-3) return fmt::format("{:.2e} s", seconds);
  const int decimals = value >= 100 ? 1 : value >= 10 ? 2 : 3;
  return fmt::format("{:.{}f} {}", value, decimals, name);
}

std::string percent_text(double part) {
  const double percent = part * 100;
  if (percent >= 1e6) return fmt::format("{:.1e} %", percent);
  return fmt::format("{:.{}f} %", percent, percent < 9.95 ? 1 : 0);
}

std::string counted(size_t number, const std::string& what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string name_of_file(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

// ---- tables

namespace {

std::string class_of(Column::Kind kind) {
  return kind == Column::number ? "n" : kind == Column::word ? "w" : "";
}

}  // namespace

Table::Table(std::vector<Column> columns, Narrow narrow)
    : columns_(std::move(columns)), narrow_(narrow) {}

void Table::add(const std::vector<std::string>& cells) {
  rows_ += "<tr>";
  for (size_t i = 0; i < columns_.size(); ++i) {
    const bool none = i >= cells.size() || cells[i].empty();
    std::string style = class_of(columns_[i].kind);
    if (none) style += style.empty() ? "none" : " none";
    rows_ += style.empty() ? "<td" : fmt::format("<td class=\"{}\"", style);
    if (narrow_ == cards) rows_ += fmt::format(" data-name=\"{}\"", escaped(columns_[i].name));
    rows_ += fmt::format("><span>{}</span></td>", none ? "–" : cells[i]);
  }
  rows_ += "</tr>\n";
}

void Table::add_group(const std::string& title) {
  rows_ += fmt::format("<tr class=\"group\"><th colspan=\"{}\" scope=\"rowgroup\">{}</th></tr>\n",
                       columns_.size(), title);
}

std::string Table::markup() const {
  std::string head;
  for (const Column& c : columns_) {
    head += fmt::format("<th scope=\"col\"{}>{}</th>",
                        c.kind == Column::number ? " class=\"n\"" : "", escaped(c.name));
  }
  return fmt::format(
      "<div class=\"scroll\"><table{}>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n"
      "</table></div>\n",
      narrow_ == cards ? " class=\"cards\"" : "", head, rows_);
}

std::string folded(const std::string& summary, const std::string& body) {
  return fmt::format("<details><summary>{}</summary>\n{}</details>\n", summary, body);
}

std::string figure(const std::string& title, const std::string& chart, const std::string& below) {
  std::string out = fmt::format("<figure>\n<figcaption>{}</figcaption>\n{}", title, chart);
  if (!below.empty()) out += fmt::format("<div class=\"below\">{}</div>\n", below);
  return out + "</figure>\n";
}

}  // namespace attnc::report
