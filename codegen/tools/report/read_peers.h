// read_peers.h - times of attnc beside those of other libraries: the JSON of a comparison.
//
//   auto peers = attnc::report::read_peers("peers.json");
//   for (const PeerRow& row : peers->rows) { row.name, row.seconds, row.best, row.ratio ... }
//
// {"threads": 2, "limits": {"fma": [113.2], "read": [11.8]}, "rows": [
//   {"case": "encoder-512", "attnc_s": 1e-3, "best_peer": "onednn", "best_peer_s": 1.4e-3,
//    "peers": {"onednn": 1.4e-3, "torch": 2e-3}, "ratio": 1.4, "spread": [1.35, 1.44],
//    "share": 0.8}]}
// The ratio is the median over rounds of the best peer's time to attnc's in the same round; spread
// has its quartiles. What could not be measured is null or missing.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "attn/runtime/status.h"

namespace attnc::report {

using attn::Result;

struct PeerRow {
  std::string name;
  double seconds = 0;                                 // of attnc; 0: not measured
  std::vector<std::pair<std::string, double>> peers;  // seconds; the fastest first
  std::string best;                                   // "" if no peer was measured
  double ratio = 0;                                   // of the best peer; 0: not measured
  double low = 0, high = 0;                           // its quartiles
  double share = 0;                                   // of the machine's limit; 0: not known
};

struct PeerFile {
  std::string file;
  double threads = 0;
  std::vector<double> fma_gflops, read_gbps;  // of each round
  std::vector<PeerRow> rows;                  // by name
};

/// The comparisons with the fastest peer of each case.
struct PeerSummary {
  size_t compared = 0;
  double mean = 0, least = 0;          // of the ratios: the geometric mean, and the least
  std::vector<const PeerRow*> slower;  // where attnc is slower
};
PeerSummary summary_of(const std::vector<PeerRow>& rows);

Result<PeerFile> read_peers(const std::string& file);
/// The same from text; `file` is for error messages.
Result<PeerFile> peers_from_text(const std::string& text, const std::string& file);

}  // namespace attnc::report
