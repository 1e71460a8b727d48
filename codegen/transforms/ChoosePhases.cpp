//===- ChoosePhases.cpp - attn-choose-phases -----------------------------------===//

#include "transforms/Passes.h"

using namespace mlir;

namespace attnc::ir {
#define GEN_PASS_DEF_CHOOSEPHASES
#include "transforms/Passes.h.inc"

namespace {

/// Whether a value is read in the caller's memory: an input, or a slot of a cache.
bool isThere(mlir::Value value) {
  if (auto slot = value.getDefiningOp<SlotOp>()) {
    Operation* cache = slot.getCache().getDefiningOp();
    return isa<InputOp, SpliceOp>(cache);
  }
  return value.getDefiningOp<InputOp>() != nullptr;
}

/// Whether attention in this path only reads its keys and values, in the caller's memory, once for
/// each query. Then calls of one query need another loop nest than calls of many.
bool onlyReadsKeys(PathOp path) {
  bool any = false, all = true;
  path.walk([&](AttentionOp attention) {
    any = true;
    all = all && !attention.getScores() && isThere(attention.getKey()) &&
          isThere(attention.getValue());
    // There is no loop nest for one query with a pair function, or with the rule `additive`, whose
    // sums include hidden keys.
    all = all && attention.getPair().empty() && attention.getRule() != Rule::Additive;
    all = all && cast<ValueType>(attention.getQuery().getType()).count(::attn::Kind::query) == 1;
  });
  return any && all;
}

struct ChoosePhases : impl::ChoosePhasesBase<ChoosePhases> {
  void runOnOperation() override {
    SmallVector<PathOp> paths;
    for (auto path : getOperation().getBody().front().getOps<PathOp>()) {
      if (path.getPhase()) return;  // chosen already
      if (onlyReadsKeys(path)) paths.push_back(path);
    }
    for (PathOp path : paths) {
      OpBuilder builder(path);
      auto decode = cast<PathOp>(builder.clone(*path));
      decode.setName((path.getName() + "_decode").str());
      decode.setPhase("decode");
      decode.setMostQueries(1);
    }
  }
};

}  // namespace
}  // namespace attnc::ir
