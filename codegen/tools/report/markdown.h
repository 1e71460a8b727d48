// markdown.h - comparisons with other libraries as Markdown: BENCHMARKS.md.
//
//   std::string text = attnc::report::markdown_of({peers}, {"AMD EPYC (Zen 4), 2026-11-28"});
#pragma once
#include <string>
#include <vector>

#include "tools/report/read_peers.h"

namespace attnc::report {

/// A section a file with all cases and all peers, slower ones too. `about` are paragraphs that say
/// what the files do not: the machine, the day, the command.
std::string markdown_of(const std::vector<PeerFile>& files, const std::vector<std::string>& about);

}  // namespace attnc::report
