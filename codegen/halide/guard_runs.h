// guard_runs.h - what belongs to a run of keys is done only where there is this run.
//
//   GuardRuns guard;
//   pipeline.add_custom_lowering_pass(&guard, [] {});
//
// An update over an RDom whose `where` reads a Func leaves the Funcs computed at its loop outside
// of the test: Halide moves no condition that reads memory. So scores would be made of every run,
// and those of runs that do not exist thrown away. This wraps the body of such a loop, all of it,
// in the test that it contains.
#pragma once
#include <Halide.h>

namespace attnc {

/// The prefix of the Func that says which runs there are, and of the RDoms that walk over runs.
inline constexpr const char* run_kind_name = "run_kind";
inline constexpr const char* runs_name = "runs_";

class GuardRuns : public Halide::Internal::IRMutator {
 private:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::For* op) override;
};

}  // namespace attnc
