//===- Inference.cpp - attn-inference ------------------------------------------===//

#include "transforms/Passes.h"

namespace attnc::ir {
#define GEN_PASS_DEF_INFERENCE
#include "transforms/Passes.h.inc"

namespace {
struct Inference : impl::InferenceBase<Inference> {
  void runOnOperation() override {
    getOperation()->walk([](DropoutOp op) {
      op.getResult().replaceAllUsesWith(op.getX());
      op.erase();
    });
  }
};
}  // namespace
}  // namespace attnc::ir
