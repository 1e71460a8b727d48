// Comparisons with other libraries: all cases and all peers, slower ones too.
#include <fmt/format.h>

#include <algorithm>

#include "tools/report/charts.h"
#include "tools/report/markup.h"
#include "tools/report/page.h"

namespace attnc::report {
namespace {

/// A peer's time to attnc's: of the best peer the median over rounds, which has quartiles; of the
/// others the ratio of the two medians. 0: not measured.
double ratio_of(const PeerRow& row, const std::pair<std::string, double>& peer) {
  if (peer.first == row.best && row.ratio > 0) return row.ratio;
  return row.seconds > 0 ? peer.second / row.seconds : 0;
}

bool has_quartiles(const PeerRow& row, const std::string& peer) {
  return peer == row.best && row.ratio > 0;
}

std::string ratio_text(double ratio) {
  return ratio >= 1e4 || ratio < 1e-3 ? number_text(ratio) : fmt::format("{:.2f}", ratio);
}

std::string ratios_chart(const PeerFile& file) {
  std::vector<RatioRow> rows;
  for (const PeerRow& row : file.rows) {
    RatioRow chart{row.name, {}};
    for (const auto& peer : row.peers) {
      const double ratio = ratio_of(row, peer);
      if (ratio == 0) continue;
      RatioMark mark{ratio, ratio, ratio, peer.first == row.best,
                     fmt::format("{}: {}, {}", row.name, peer.first, ratio_text(ratio))};
      if (has_quartiles(row, peer.first)) {
        mark.least = std::min(row.low, ratio), mark.most = std::max(row.high, ratio);
        mark.about += fmt::format(" ({} to {})", ratio_text(row.low), ratio_text(row.high));
      }
      chart.marks.push_back(mark);
    }
    rows.push_back(std::move(chart));
  }
  return figure("Time of each peer, as a multiple of attnc's",
                svg_of_ratios(rows, "← attnc slower", "attnc faster →",
                              "For each case the time of each peer as a multiple of attnc's"),
                "Filled: the fastest peer of the case, with quartiles. Rings: the other peers. "
                "Left of 1 attnc is slower.");
}

std::string peers_table(const PeerFile& file) {
  Table table({{"peer"},
               {"time", Column::number},
               {"ratio", Column::number},
               {"quartiles", Column::number}});
  for (const PeerRow& row : file.rows) {
    std::string title = fmt::format(
        "{} <span class=\"quiet\">attnc {}{}</span>", escaped(row.name),
        row.seconds > 0 ? time_text(row.seconds) : "was not measured",
        row.share > 0 ? fmt::format(", {} of the machine's limit", percent_text(row.share)) : "");
    table.add_group(title);
    if (row.peers.empty()) table.add({"<em>no peer was measured</em>"});
    for (const auto& peer : row.peers) {
      const double ratio = ratio_of(row, peer);
      const std::string shown =
          ratio == 0 ? ""
                     : fmt::format("<b class=\"{}\">{}</b>", ratio >= 1 ? "faster" : "slower",
                                   ratio_text(ratio));
      table.add({escaped(peer.first), time_text(peer.second), shown,
                 has_quartiles(row, peer.first)
                     ? fmt::format("{} to {}", ratio_text(row.low), ratio_text(row.high))
                     : ""});
    }
  }
  return table.markup();
}

std::string limits_text(const PeerFile& file) {
  std::string out;
  if (file.threads > 0) out = counted(static_cast<size_t>(std::min(file.threads, 1e6)), "thread");
  for (const auto& [values, what] : {std::pair{&file.fma_gflops, "GFLOP/s of multiply-adds"},
                                     {&file.read_gbps, "GB/s from memory"}}) {
    if (values->empty()) continue;
    const auto [least, most] = std::minmax_element(values->begin(), values->end());
    const std::string low = number_text(*least), high = number_text(*most);
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", low == high ? low : low + " to " + high,
                       what);
  }
  return out.empty() ? "" : "<p>" + out + ".</p>\n";
}

}  // namespace

Section peers_section(const std::vector<PeerFile>& files) {
  Section out{"peers", "Beside other libraries", "", ""};
  out.body =
      "<p>The ratio is the peer's time to attnc's: above 1 attnc is faster. That of the fastest "
      "peer of a case is the median over rounds in which both were timed within seconds of each "
      "other, with its quartiles. That of other peers is the ratio of two medians. Cases are in "
      "the order of their names.</p>\n";
  std::vector<PeerRow> rows;
  for (const PeerFile& file : files) {
    rows.insert(rows.end(), file.rows.begin(), file.rows.end());
    out.body += fmt::format("<h3><code>{}</code></h3>\n", escaped(name_of_file(file.file)));
    out.body += limits_text(file);
    if (file.rows.empty())
      out.body += "<p>It has no cases.</p>\n";
    else
      out.body += "<div class=\"beside\">\n" + ratios_chart(file) + peers_table(file) + "</div>\n";
  }
  const PeerSummary all = summary_of(rows);
  out.summary = fmt::format("{} of {} compared", all.compared, counted(rows.size(), "case"));
  if (all.compared > 0) {
    out.summary += fmt::format(
        " with the fastest peer: {} times its speed (geometric mean), {} at least; "
        "slower in {}",
        ratio_text(all.mean), ratio_text(all.least), all.slower.size());
  }
  return out;
}

}  // namespace attnc::report
