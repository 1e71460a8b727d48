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
      // A pair function takes the queries unscaled.
      if (!attention.getPair().empty()) return;
      project.setScale(
          APFloat(project.getScale().convertToDouble() * attention.getScale().convertToDouble()));
      attention.setScale(APFloat(1.0));
    });
  }
};
}  // namespace
}  // namespace attnc::ir
