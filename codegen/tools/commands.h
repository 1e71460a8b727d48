// commands.h - attnc's commands, one function each; attnc.cpp parses the arguments.
//
// Each returns the exit code: 0, or 1 after an error message on standard error; `check` also
// returns 1 when a fixture failed. attnc.cpp returns 2 for invalid arguments.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace attnc {

struct BuildOptions {
  std::vector<std::string> files;  // LAYER.json, or objects with a section .attn
  std::string folder, name,
      header;  // name: "": the first file's; header: "": the file of the description
  std::vector<std::string> targets;  // empty: all for the machine that the files are for
  std::vector<std::string> shapes;   // names of Shapes; empty: all
  bool shared = false;               // also link lib<name>.so
  std::string sanitize;              // "address", "thread", or ""
  std::string tuned;                 // a database of `attnc tune` with numbers for layers; "": none
  std::string kernels;               // a folder for kernels that later builds can take; "": none
  std::string depfile;               // for the dependencies, as make and ninja read them; "": none
  bool json = false;
};
int build(const BuildOptions& options);

struct ShowOptions {
  std::string layer, stage;
  std::string target;     // "": the best of the machine that the layer is for
  std::string path;       // "": all
  std::string tuned;      // as in BuildOptions
  std::string processor;  // one of attn::pipe_names; "": any
  // For the map of blocks, with stage plan:
  std::string shape;              // "T=1024,S=1024"; "": none
  std::string tables;             // a .safetensors file with what the masks read; "": none
  std::string output;             // an .svg file; "": print the map as text
  int64_t head = -1, batch = -1;  // -1: not given, taken as 0
  bool causal = false, json = false;
};
int show(const ShowOptions& options);

struct RunOptions {
  std::string layer, weights, inputs, output, prefix, target;
  std::string tuned;  // as in BuildOptions
  bool causal = false, scores = false, json = false;
  int threads = 0;  // 0: one per usable processor
};
int run(const RunOptions& options);

struct CheckOptions {
  std::vector<std::string> paths, targets;
  std::string tuned;  // as in BuildOptions
  bool verbose = false, json = false;
};
int check(const CheckOptions& options);

struct TuneOptions {
  std::string layer;                // LAYER.json, an object, object:layer, or a file of bench cases
  std::vector<std::string> cases;   // of such a file: their names; empty: all
  std::vector<std::string> shapes;  // a call each, "T=512,S=512,E=768"
  std::string calls;                // a file with the calls of a program: call_log.h; "": none
  std::vector<std::string> with;    // optional inputs that calls give
  std::string inputs;               // a .safetensors file with some of the inputs; "": none
  bool causal = false, scores = false;
  std::string target;                // "": the best one that runs here
  std::string database = "tune.db";  // where trials are kept
  std::string replay;                // a database to replay instead; "": none
  int threads = 1;
  double seconds = 60;  // for each layer
  int trials = 0;       // at most, with the schedule that the layer has; 0: any number
  uint64_t seed = 1;
  bool json = false;
};
int tune(const TuneOptions& options);
/// Whether the trials of a database follow from their seeds and from what was measured.
int replay_tuning(const std::string& file);

struct BenchOptions {
  std::string file;                // the cases; tools/bench/cases.h has the format
  std::vector<std::string> cases;  // names of the cases to run; empty: all
  std::string target;              // "": the best one that runs here
  std::string tuned;               // as in BuildOptions
  std::string save;                // a folder for NAME.safetensors; "": none
  int threads = 0;                 // 0: one per usable processor
  double seconds = 1;              // at least this long per case
  bool profile = false;            // also how long each stage takes
};
int bench(const BenchOptions& options);

}  // namespace attnc
