// guard_runs.h - a lowering pass: the work of a run of keys is done only if the run exists.
//
//   GuardRuns guard;
//   pipeline.add_custom_lowering_pass(&guard, [] {});
//
// In an update over an RDom whose `where` reads a Func, the Funcs computed at its loop stay outside
// the test, because Halide does not move conditions that read memory. Scores would be computed for
// every run, and thrown away for runs that do not exist. This pass wraps the whole body of such a
// loop in the test that the body contains.
#pragma once
#include <Halide.h>

namespace attnc {

/// Name prefixes of the Func that says which runs exist, and of the RDoms that walk over runs.
inline constexpr const char* run_kind_name = "run_kind";
inline constexpr const char* runs_name = "runs_";

class GuardRuns : public Halide::Internal::IRMutator {
 private:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::For* op) override;
};

}  // namespace attnc
