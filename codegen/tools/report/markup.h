// markup.h - texts and tables of the page of `attnc report`.
//
//   out += "<h3>" + escaped(run.layer) + "</h3>\n";        // a layer may be called "<script>"
//   Table table({{"case"}, {"time", Column::number}});
//   table.add({escaped(name), time_text(seconds)});
//   out += table.markup();
//
// The markup is HTML and well-formed XML at once: tags are in lower case and closed, and no entities
// are used but XML's own.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace attnc::report {

/// The text as content of an element or of a quoted attribute. What XML has no characters for, and
/// what changes the direction of the text around it, becomes U+FFFD; so does what is not UTF-8.
std::string escaped(std::string_view text);
/// The beginning of a text that is too long for its place, with an ellipsis; `most` in characters.
std::string shortened(std::string_view text, size_t most);

/// Three digits: "0.912", "113", "5210", "1.20e+09".
std::string number_text(double value);
/// "1.234 ms"
std::string time_text(double seconds);
/// "91 %"
std::string percent_text(double part);
/// "1 run", "2 runs"
std::string counted(size_t number, const std::string& what);
/// The name of a file without its folders, which differ between machines.
std::string name_of_file(const std::string& path);

struct Column {
  enum Kind { text, number, word };  // a word is not broken
  std::string name;
  Kind kind = text;
};

class Table {
 public:
  /// As `cards` every row becomes a block of lines where the window is narrow. Other tables scroll.
  enum Narrow { scrolls, cards };
  explicit Table(std::vector<Column> columns, Narrow narrow = scrolls);
  /// Cells are markup. An empty one is shown as a dash.
  void add(const std::vector<std::string>& cells);
  /// A line across the table, above the rows that follow.
  void add_group(const std::string& title);
  bool empty() const { return rows_.empty(); }
  std::string markup() const;

 private:
  std::vector<Column> columns_;
  Narrow narrow_;
  std::string rows_;
};

/// `body` behind a line that opens it; for what few readers need.
std::string folded(const std::string& summary, const std::string& body);
/// A chart with a line above it and a text below; both are markup, and the text may be empty.
std::string figure(const std::string& title, const std::string& chart, const std::string& below);

}  // namespace attnc::report
