//===- ChoosePhases.cpp - attn-choose-phases -----------------------------------===//

#include "transforms/Passes.h"

using namespace mlir;

namespace attnc::ir {
#define GEN_PASS_DEF_CHOOSEPHASES
#include "transforms/Passes.h.inc"

namespace {

/// Whether a value lies where the caller has it: an input, or a slot of a cache.
bool isThere(mlir::Value value) {
  if (auto slot = value.getDefiningOp<SlotOp>()) {
    Operation* cache = slot.getCache().getDefiningOp();
    return isa<InputOp, SpliceOp>(cache);
  }
  return value.getDefiningOp<InputOp>() != nullptr;
}

/// Whether all that the path's attention does with a key is to read it where the caller has it,
/// once for each query: then one query asks for another loop nest than many.
bool onlyReadsKeys(PathOp path) {
  bool any = false, all = true;
  path.walk([&](AttentionOp attention) {
    any = true;
    all = all && !attention.getScores() && isThere(attention.getKey()) &&
          isThere(attention.getValue());
    // What sums all keys, or another function of query and key, has no loop nest of its own for one
    // query.
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
