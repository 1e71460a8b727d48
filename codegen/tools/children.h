// children.h - runs work in child processes: Halide's output depends on what its process compiled
// before, so every kernel is made in a fresh one.
//
//   std::vector<attnc::Job> jobs{{"encoder (avx2), path output", [] { return make(); }}};
//   auto results = attnc::run_in_children(jobs, {.at_once = 4});   // in the order of the jobs
//
// The calling process must have no other threads: a child is a fork of it. If a child throws,
// crashes or is killed, its result is a Status that says so.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "attn/runtime/status.h"

namespace attnc {

using attn::Result;
using attn::Status;

struct Job {
  std::string what;                           // "model::encoder (avx2), path output"
  std::function<Result<std::string>()> body;  // returns the text or bytes that it makes
};

struct ChildOptions {
  int at_once = 0;  // 0: one per processor in the affinity mask
  /// Called before the first and after each job; for a progress line.
  std::function<void(size_t done, size_t all, const std::string& last)> progress = {};
};

std::vector<Result<std::string>> run_in_children(const std::vector<Job>& jobs,
                                                 const ChildOptions& options = {});

/// Runs a program and waits for it; `argv[0]` is looked up in PATH. If it fails, the Status has the
/// first 4000 bytes of its output; not_found if it cannot be started.
Status run_program(const std::vector<std::string>& argv);

/// A folder that is deleted with its contents at the end of its life.
class TemporaryFolder {
 public:
  /// Made in the folder `beside`, so that files can be renamed out of it. Empty: in $TMPDIR, else
  /// /tmp.
  static Result<TemporaryFolder> make(const std::string& beside = "");
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace attnc
