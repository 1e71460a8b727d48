#include "tools/report/read_peers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "import/printable.h"
#include "import/read_file.h"
#include "tools/report/read_json.h"

namespace attnc::report {
namespace {

Result<PeerRow> row_of(const Json& object, const std::string& where) {
  Members row(object, where);
  PeerRow out;
  out.name = row.text("case");
  out.seconds = row.number_or_zero("attnc_s");
  out.peers = row.numbers_if_any("peers");
  if (row.has("best_peer")) out.best = row.text("best_peer");
  out.share = row.has("share") ? row.number_from_zero("share") : 0;
  if (row.has("ratio")) {
    out.ratio = row.number("ratio");
    const std::vector<double> spread = row.list("spread");
    if (spread.size() != 2)
      row.wrong("`spread`: expected two quartiles");
    else
      out.low = spread[0], out.high = spread[1];
    if (!(out.low <= out.high)) row.wrong("`spread`: expected the lower quartile first");
  }
  for (const auto& [name, seconds] : out.peers)
    if (seconds == 0) row.wrong(fmt::format("`peers`: {} takes no time", in_quotes(name)));
  const bool known = std::any_of(out.peers.begin(), out.peers.end(),
                                 [&](const auto& peer) { return peer.first == out.best; });
  if (!out.best.empty() && !known) row.wrong("`best_peer` is not one of `peers`");
  if (!row.status().ok()) return row.status();
  std::stable_sort(out.peers.begin(), out.peers.end(),
                   [](const auto& a, const auto& b) { return a.second < b.second; });
  return out;
}

}  // namespace

PeerSummary summary_of(const std::vector<PeerRow>& rows) {
  PeerSummary out;
  double logarithms = 0;
  for (const PeerRow& row : rows) {
    if (row.ratio == 0) continue;
    out.least = out.compared == 0 ? row.ratio : std::min(out.least, row.ratio);
    ++out.compared, logarithms += std::log(row.ratio);
    if (row.ratio < 1) out.slower.push_back(&row);
  }
  if (out.compared > 0) out.mean = std::exp(logarithms / static_cast<double>(out.compared));
  return out;
}

Result<PeerFile> peers_from_text(const std::string& text, const std::string& file) {
  const Result<Json> json = json_of(text, file);
  if (!json.ok()) return json.status();
  Members whole(*json, file);
  PeerFile out{file, 0, {}, {}, {}};
  out.threads = whole.number_or_zero("threads");
  if (whole.has("limits") && whole.status().ok()) {
    Members limits((*json)["limits"], file + ": `limits`");
    if (limits.has("fma")) out.fma_gflops = limits.list("fma");
    if (limits.has("read")) out.read_gbps = limits.list("read");
    if (!limits.status().ok()) return limits.status();
  }
  if (whole.status().ok() && !whole.has("rows")) whole.wrong("`rows` is missing");
  if (whole.status().ok() && !(*json)["rows"].is_array()) whole.wrong("`rows`: expected a list");
  if (!whole.status().ok()) return whole.status();
  size_t number = 0;
  for (const Json& object : (*json)["rows"]) {
    Result<PeerRow> row = row_of(object, fmt::format("{}: row {}", file, ++number));
    if (!row.ok()) return row.status();
    out.rows.push_back(*std::move(row));
  }
  std::stable_sort(out.rows.begin(), out.rows.end(),
                   [](const PeerRow& a, const PeerRow& b) { return a.name < b.name; });
  return out;
}

Result<PeerFile> read_peers(const std::string& file) {
  const Result<std::string> text = read_file(file, most_json_bytes);
  if (!text.ok()) return text.status();
  return peers_from_text(*text, file);
}

}  // namespace attnc::report
