// workspace.h - the bytes a pipeline allocates, read off its lowered code.
//
//   AllocationReader reader;
//   pipeline.add_custom_lowering_pass(&reader, [] {});   // then compile it
//   Halide::Expr once = reader.call_bytes(), each = reader.worker_bytes();
//
// Bounds inference decides how large intermediate results are, so it and not a second set of
// formulas says how much memory a call needs. Sums follow the nesting of allocations, which is how
// the runtime's arenas give them out.
#pragma once
#include <Halide.h>

#include <vector>

namespace attnc {

/// What every allocation may cost beside its bytes: rounding to 128, a header, and loads past the
/// end.
inline constexpr int64_t allocation_overhead = 512;

class AllocationReader : public Halide::Internal::IRMutator {
 public:
  using IRMutator::mutate;
  Halide::Internal::Stmt mutate(const Halide::Internal::Stmt& body) override;

  /// Int(64), over extents of the pipeline's buffers and its scalar parameters.
  Halide::Expr call_bytes() const { return call_bytes_; }      // allocated once a call
  Halide::Expr worker_bytes() const { return worker_bytes_; }  // at most at a time by one worker

 private:
  Halide::Expr call_bytes_, worker_bytes_;
};

/// The expression over `buffers` in place of whatever buffers of the same names it was made from.
Halide::Expr over_buffers(const Halide::Expr& e, const std::vector<Halide::ImageParam>& buffers);

}  // namespace attnc
