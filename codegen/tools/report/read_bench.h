// read_bench.h - what `attnc bench` printed: an object a line.
//
//   auto bench = attnc::report::read_bench("sweeps.jsonl");
//   for (const BenchLine& line : bench->lines) { line.name, line.median, line.gflops ... }
//
// A line with the machine and its limits holds for the lines after it; there may be several, where
// the output of several calls is in one file.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attn/runtime/status.h"

namespace attnc::report {

using attn::Result;
using attn::Status;

struct BenchMachine {
  std::string name;
  double fma_gflops = 0, read_gbps = 0;
};

struct BenchLine {
  std::string name;
  std::string peer;              // "attnc", or another library whose times have the same form
  size_t machine = 0;            // of BenchFile::machines
  std::string skipped;           // why it was not measured; then there are no times
  double median = 0, least = 0;  // seconds; least may be 0: not given
  double gflops = 0;
  double runs = 0, max_error = 0;                      // 0: not given
  std::vector<std::pair<std::string, double>> stages;  // seconds each; empty: not given
};

struct BenchFile {
  std::string file;
  std::vector<BenchMachine> machines;
  std::vector<BenchLine> lines;
};

/// invalid_file: some line is no such line, or there are none.
Result<BenchFile> read_bench(const std::string& file);
/// The same from text; `file` is for error messages.
Result<BenchFile> bench_from_text(const std::string& text, const std::string& file);

/// A case of a range: "keys-S16" is the case of the range "keys" over S where S is 16.
struct SweepCase {
  std::string prefix;
  char axis = 'T';  // T queries, S keys, D the size of a head
  double value = 0;
};
std::optional<SweepCase> sweep_case(const std::string& name);

}  // namespace attnc::report
