// commands.h - what attnc does, a function a command; attnc.cpp reads the arguments.
//
// Every one returns the exit code: 0, or 1 after a sentence on standard error. (2 is for arguments
// that make no sense; attnc.cpp.)
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "attn/runtime/status.h"
#include "tools/compiler.h"

namespace attnc {

struct BuildOptions {
  std::vector<std::string> files;  // LAYER.json, or objects with a section .attn
  std::string folder, name,
      header;  // name: "" for the first file's; header: "" for the description's file
  std::vector<std::string> targets;  // empty: all of the machine that the files are for
  bool shared = false;               // lib<name>.so too
  std::string sanitize;              // "address", "thread", or ""
  std::string depfile;  // what the library hangs on, for make and ninja; "": not written
  bool json = false;
};
int build(const BuildOptions& options);

struct ShowOptions {
  std::string layer, stage;
  std::string target;  // "": the best
  std::string path;    // "": all
  // Of a map of blocks, with the stage plan:
  std::string shape;              // "T=1024,S=1024"; "": none
  std::string tables;             // a .safetensors file with what masks read; "": none
  std::string output;             // an .svg file; "": characters
  int64_t head = -1, batch = -1;  // -1: not said, 0
  bool causal = false, json = false;
};
int show(const ShowOptions& options);

struct RunOptions {
  std::string layer, weights, inputs, output, prefix, target;
  bool causal = false, scores = false, json = false;
  int threads = 0;  // 0: one a usable processor
};
int run(const RunOptions& options);

struct CheckOptions {
  std::vector<std::string> paths, targets;
  bool verbose = false, json = false;
};
int check(const CheckOptions& options);

struct BenchOptions {
  std::string file;                // cases, as tools/bench/cases.h says
  std::vector<std::string> cases;  // names; empty: all
  std::string target;              // "": the best that runs here
  std::string save;                // a folder for NAME.safetensors; "": none
  int threads = 0;                 // 0: one a usable processor
  double seconds = 1;              // for each case at least
};
int bench(const BenchOptions& options);

/// "attnc: " and the sentence on standard error; 1.
int fail(const Status& status);
/// On standard output; what is no UTF-8 (a file's name) is replaced.
void print_json(const nlohmann::ordered_json& value);
/// A line on standard error that replaces itself, where that is a terminal; else nothing.
Progress progress_line(const std::string& doing);

}  // namespace attnc
