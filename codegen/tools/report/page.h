// page.h - the page of `attnc report`: one HTML file that needs nothing else.
//
//   Result<std::string> page = attnc::report::page_of({.database = "tune.db", .runs = *runs,
//                                                      .bench = {*bench}, .peers = {}});
//
// The same inputs give the same bytes: no date of today, no folders, nothing of this machine.
#pragma once
#include <string>
#include <vector>

#include "tools/report/read_bench.h"
#include "tools/report/read_peers.h"
#include "tools/report/tried.h"

namespace attnc::report {

struct PageInputs {
  std::string database;  // its file; "": there is none
  std::vector<TunedRun> runs;
  std::vector<BenchFile> bench;
  std::vector<PeerFile> peers;
};

/// invalid_file: numbers that cannot be drawn.
Result<std::string> page_of(const PageInputs& inputs);

/// A part of the page. `heading` is of its own, `id` what links name it.
struct Section {
  std::string id, heading;
  std::string summary;  // a sentence for the top of the page; markup
  std::string body;     // markup
};
Section tuning_section(const std::vector<TriedRun>& runs, const std::string& database);
Section bench_section(const std::vector<BenchFile>& files);
Section peers_section(const std::vector<PeerFile>& files);

}  // namespace attnc::report
