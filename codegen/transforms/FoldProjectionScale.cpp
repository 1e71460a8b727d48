//===- FoldProjectionScale.cpp - attn-fold-projection-scale --------------------===//

#include "transforms/Passes.h"

using namespace mlir;

namespace attnc::ir {
#define GEN_PASS_DEF_FOLDPROJECTIONSCALE
#include "transforms/Passes.h.inc"

namespace {
struct FoldProjectionScale : impl::FoldProjectionScaleBase<FoldProjectionScale> {
  void runOnOperation() override {
    getOperation()->walk([](AttentionOp attention) {
      auto project = attention.getQuery().getDefiningOp<ProjectOp>();
      // Another reader would see scaled queries.
      if (!project || !project->hasOneUse()) return;
      project.setScale(
          APFloat(project.getScale().convertToFloat() * attention.getScale().convertToFloat()));
      attention.setScale(APFloat(1.0f));
    });
  }
};
}  // namespace
}  // namespace attnc::ir
