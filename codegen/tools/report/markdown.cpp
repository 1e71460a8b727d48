#include "tools/report/markdown.h"

#include <fmt/format.h>

#include <algorithm>

#include "import/printable.h"
#include "tools/report/markup.h"

namespace attnc::report {
namespace {

/// Foreign text in a cell or a paragraph: nothing in it is markup.
std::string plain(const std::string& text) {
  std::string out;
  for (char c : printable(text)) {
    if (std::string_view("\\`*_[]<>|#").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string milliseconds(double seconds) {
  return seconds > 0 ? fmt::format("{:.3f}", 1e3 * seconds) : "-";
}

std::string row_text(const PeerRow& row) {
  std::string others, best = "-", best_time = "-";
  for (const auto& [name, seconds] : row.peers) {
    if (name == row.best)
      best = plain(name), best_time = milliseconds(seconds);
    else
      others +=
          fmt::format("{}{} {}", others.empty() ? "" : ", ", plain(name), milliseconds(seconds));
  }
  const std::string ratio = row.ratio == 0  ? "-"
                            : row.ratio < 1 ? fmt::format("**{:.2f}**", row.ratio)
                                            : fmt::format("{:.2f}", row.ratio);
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", plain(row.name),
                     milliseconds(row.seconds),
                     row.share > 0 ? fmt::format("{:.2f}", row.share) : "-", best, best_time, ratio,
                     row.ratio > 0 ? fmt::format("{:.2f} to {:.2f}", row.low, row.high) : "-",
                     others.empty() ? "-" : others);
}

std::string summary_text(const PeerFile& file) {
  const PeerSummary all = summary_of(file.rows);
  if (all.compared == 0) return "No case was compared.\n";
  std::string slower;
  for (const PeerRow* row : all.slower)
    slower +=
        fmt::format("{}{} ({:.2f})", slower.empty() ? "" : ", ", plain(row->name), row->ratio);
  return fmt::format(
      "{} of {} cases compared: geometric mean {:.2f}, least {:.2f}.\n{}\n", all.compared,
      file.rows.size(), all.mean, all.least,
      slower.empty() ? "attnc is slower in none of them." : "attnc is slower in " + slower + ".");
}

std::string range_of(const std::vector<double>& values, const char* what) {
  if (values.empty()) return "";
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const std::string low = fmt::format("{:.4g}", *least), high = fmt::format("{:.4g}", *most);
  return fmt::format(", {} {}", low == high ? low : low + " to " + high, what);
}

}  // namespace

std::string markdown_of(const std::vector<PeerFile>& files, const std::vector<std::string>& about) {
  std::string out =
      "# Benchmarks\n\n"
      "Written by `attnc report`. The ratio is the fastest peer's time to attnc's, so above 1 "
      "attnc "
      "is faster. It is the\nmedian over rounds in which both were timed within seconds of each "
      "other, and its quartiles say how quiet the machine\nwas. Times are medians in ms. The share "
      "is that of the machine's limit, measured in the same rounds: of multiply-adds,\nor of "
      "reading "
      "memory where there is one query. Cases are in the order of their names.\n\n";
  for (const std::string& paragraph : about) out += plain(paragraph) + "\n\n";
  for (const PeerFile& file : files) {
    out += fmt::format("## {}\n\n", plain(name_of_file(file.file)));
    if (file.threads > 0) {
      out += fmt::format("{:.0f} thread{}{}{}.\n\n", file.threads, file.threads == 1 ? "" : "s",
                         range_of(file.fma_gflops, "GFLOP/s of multiply-adds"),
                         range_of(file.read_gbps, "GB/s from memory"));
    }
    out +=
        "| case | attnc | share | fastest peer | its time | ratio | quartiles | other peers |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (const PeerRow& row : file.rows) out += row_text(row);
    out += "\n" + summary_text(file) + "\n";
  }
  return out;
}

}  // namespace attnc::report
