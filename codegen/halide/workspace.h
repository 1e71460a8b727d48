// workspace.h - how many bytes a pipeline allocates, from its lowered code.
//
//   AllocationReader reader;
//   pipeline.add_custom_lowering_pass(&reader, [] {});   // then compile it
//   Halide::Expr once = reader.call_bytes(), each = reader.worker_bytes();
//
// Bounds inference decides how large intermediate results are. The memory that a call needs is read
// from the lowered code, so that no second set of formulas has to agree with it. Sizes are summed
// along the nesting of allocations, which is how the runtime's arenas hand out memory.
#pragma once
#include <Halide.h>

#include <vector>

namespace attnc {

/// What an allocation may take beyond its bytes: rounding to 128, a header, and loads past the end.
inline constexpr int64_t allocation_overhead = 512;

class AllocationReader : public Halide::Internal::IRMutator {
 public:
  using IRMutator::mutate;
  Halide::Internal::Stmt mutate(const Halide::Internal::Stmt& body) override;

  /// Int(64) expressions over the extents of the pipeline's buffers and its scalar parameters.
  Halide::Expr call_bytes() const { return call_bytes_; }      // allocated once per call
  Halide::Expr worker_bytes() const { return worker_bytes_; }  // the most a worker has at a time

 private:
  Halide::Expr call_bytes_, worker_bytes_;
};

/// The expression with `buffers` in place of the buffers of the same names in it.
Halide::Expr over_buffers(const Halide::Expr& e, const std::vector<Halide::ImageParam>& buffers);

}  // namespace attnc
