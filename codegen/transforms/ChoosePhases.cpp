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
/// each query. Then calls of few queries need other loop nests than calls of many.
bool onlyReadsKeys(PathOp path) {
  bool any = false, all = true;
  path.walk([&](AttentionOp attention) {
    any = true;
    all = all && !attention.getScores() && isThere(attention.getKey()) &&
          isThere(attention.getValue());
    // There is no loop nest for few queries with a pair function, or with the rule `additive`, whose
    // sums include hidden keys.
    all = all && attention.getPair().empty() && attention.getRule() != Rule::Additive;
    all = all && cast<ValueType>(attention.getQuery().getType()).count(::attn::Kind::query) == 1;
  });
  return any && all;
}

/// In the order in which a call tries them. A schedule may let `few` serve fewer queries.
struct Phase {
  llvm::StringRef name;
  int mostQueries;
};
constexpr Phase phases[] = {{"decode", 1}, {"few", 64}};

struct ChoosePhases : impl::ChoosePhasesBase<ChoosePhases> {
  void runOnOperation() override {
    SmallVector<PathOp> paths;
    for (auto path : getOperation().getBody().front().getOps<PathOp>()) {
      if (path.getPhase()) return;  // chosen already
      if (onlyReadsKeys(path)) paths.push_back(path);
    }
    for (PathOp path : paths) {
      for (const Phase& phase : phases) {
        OpBuilder builder(path);
        auto clone = cast<PathOp>(builder.clone(*path));
        clone.setName((path.getName() + "_" + phase.name).str());
        clone.setPhase(phase.name);
        clone.setMostQueries(phase.mostQueries);
      }
    }
  }
};

}  // namespace
}  // namespace attnc::ir
