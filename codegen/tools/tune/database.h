// database.h - what `attnc tune` has measured: an SQLite file that several processes may write.
//
//   auto db = attnc::TuningDatabase::open("tune.db");          // made if it is not there
//   auto run = db->begin({.layer = "model::encoder", .target = "avx512", ...});
//   Status s = db->add(*run, {.number = 0, .schedule = schedule, .seconds = 8.2e-3});
//
// Every trial is a transaction of its own: a process that is killed loses the trial that it was at,
// and leaves a readable file. Writers wait for each other for up to a minute. Databases of several
// machines can be merged, as a run has a name that no other run has.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "attn/runtime/status.h"
#include "plan/schedule.h"

namespace attnc {

using attn::Result;
using attn::Status;

/// What all trials of one call of `attnc tune` have in common.
struct TuningRun {
  std::string name;          // 32 hexadecimal digits; empty: the database chooses them
  std::string layer;         // "model::encoder"
  uint64_t fingerprint = 0;  // of its graph
  std::string target;        // "avx512"
  std::string dtype;         // the layer's policy: "float32"
  int head_size = 0;         // the larger of key size and value size
  std::string families;      // of the kernels that the calls take: "online", "decode few"
  std::string calls;         // "batch=1,query=512,key=512"; several with "; " between them
  std::string work;          // of each call, for a model of its time (space.h); may be empty
  std::string processor;     // "AMD EPYC"
  int threads = 1;
  uint64_t seed = 0;
  double operations = 0;  // floating-point operations of all calls together; 0: not counted
  double fma_gflops = 0;  // what the threads can do at most: limits.h
  double read_gbps = 0;
  std::string started;  // in UTC, "2026-11-27T22:45:00Z"; empty: the database takes the time
  std::string version;  // attnc's
  int pipes = 0;        // of the processor, for the target (attn::cpu_pipes); 0: not known
  int l2_kib = 0;       // of its second-level cache; 0: not known
};

/// A schedule that was tried.
struct Trial {
  int number = 0;         // in its run; 0 is the schedule that the run starts from
  int generation = 0;     // 0: chosen before anything was measured
  Schedule schedule;      // as a row of a schedule file, so before adapted() (halide/schedule.h)
  double seconds = 0;     // the least time of all calls together; 0: not measured
  double ratio = 0;       // to the best schedule before it, measured in the same rounds: below 1 is
                          // faster
  bool accepted = false;  // it is the best one from here on; always true of number 0
  std::string note;       // why it was not measured: "the kernels are those of trial 3"; or empty
};

class TuningDatabase {
 public:
  /// Opens the file, and makes it if it is not there. A file of version 1 of the format becomes one
  /// of version 2; to read it, it stays as it is. invalid_file: it is no such database, or of a
  /// later version; not_found: it cannot be opened or made.
  static Result<TuningDatabase> open(const std::string& file);
  /// The same for a file that has to be there and is only read.
  static Result<TuningDatabase> open_to_read(const std::string& file);
  TuningDatabase(TuningDatabase&&) noexcept;
  TuningDatabase& operator=(TuningDatabase&&) noexcept;
  ~TuningDatabase();

  /// Adds a run; returns its name.
  Result<std::string> begin(const TuningRun& run);
  /// Adds a trial to the run of this name.
  Status add(const std::string& run, const Trial& trial);

  /// All runs, the earliest first, and the trials of one, by number.
  Result<std::vector<TuningRun>> runs() const;
  Result<std::vector<Trial>> trials(const std::string& run) const;

  /// Adds all runs of `other` that are not here yet, and trials that are missing; returns how many
  /// runs were new.
  Result<int> merge(const TuningDatabase& other);

  const std::string& file() const;

 private:
  struct State;
  explicit TuningDatabase(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The last accepted trial; null if there is none.
const Trial* winner_of(const std::vector<Trial>& trials);

}  // namespace attnc
