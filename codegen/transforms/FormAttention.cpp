//===- FormAttention.cpp - attn-form-attention ---------------------------------===//

#include "mlir/IR/IRMapping.h"
#include "transforms/Passes.h"

using namespace mlir;

namespace attnc::ir {
#define GEN_PASS_DEF_FORMATTENTION
#include "transforms/Passes.h.inc"

namespace {

/// What a value's heads are shared by, or the value itself.
mlir::Value unshared(mlir::Value value) {
  auto share = value.getDefiningOp<ShareHeadsOp>();
  return share ? unshared(share.getX()) : value;
}

void eraseUnread(mlir::Value value) {
  auto share = value.getDefiningOp<ShareHeadsOp>();
  if (!share || !share->use_empty()) return;
  mlir::Value x = share.getX();
  share.erase();
  eraseUnread(x);
}

int64_t headsOf(mlir::Value value) {
  return cast<ValueType>(value.getType()).extent(::attn::Kind::head);
}

/// The maps between scores and a softmax, the last one first; they read nothing but the scores.
ScoresOp scoresOf(mlir::Value value, SmallVectorImpl<MapOp>& maps) {
  while (auto map = value.getDefiningOp<MapOp>()) {
    if (!llvm::all_equal(map.getInputs())) return {};
    maps.push_back(map);
    value = map.getInputs().front();
  }
  return value.getDefiningOp<ScoresOp>();
}

/// One formula of all maps, one applied to the other's result.
void compose(Region& region, SmallVectorImpl<MapOp>& maps, Location loc) {
  OpBuilder builder(region.getContext());
  mlir::Type real = cast<ValueType>(maps.front().getResult().getType()).getElementType();
  Block* block = builder.createBlock(&region, {}, {real}, {loc});
  mlir::Value score = block->getArgument(0);
  for (MapOp map : llvm::reverse(maps)) {
    Block& formula = map.getFormula().front();
    IRMapping mapping;
    for (BlockArgument argument : formula.getArguments()) mapping.map(argument, score);
    for (Operation& op : formula.without_terminator()) builder.clone(op, mapping);
    score = mapping.lookupOrDefault(formula.getTerminator()->getOperand(0));
  }
  YieldOp::create(builder, loc, score);
}

struct FormAttention : impl::FormAttentionBase<FormAttention> {
  void runOnOperation() override {
    getOperation()->walk([](CombineOp combine) {
      auto softmax = combine.getProbabilities().getDefiningOp<SoftmaxOp>();
      SmallVector<MapOp> maps;
      ScoresOp scores = softmax ? scoresOf(softmax.getScores(), maps) : ScoresOp();
      if (!scores) return;
      // A softmax with two rules belongs to no path yet.
      if (softmax.getWithScores()) return;

      const bool stored = !softmax->hasOneUse();
      // The probabilities will stand where `combine` does.
      for (Operation* user : softmax->getUsers())
        if (user != combine && !combine->isBeforeInBlock(user)) return;
      // Keys and values of fewer heads are read as they are, if they have as many as each other.
      mlir::Value givenKey = scores.getKey(), givenValue = combine.getValue();
      mlir::Value key = unshared(givenKey), value = unshared(givenValue);
      if (headsOf(key) != headsOf(value)) key = givenKey, value = givenValue;

      OpBuilder builder(combine);
      SmallVector<mlir::Type> results{combine.getResult().getType()};
      if (stored) results.push_back(softmax.getResult().getType());
      constexpr double log2e = 1.4426950408889634;
      // What is done to a score by numbers of its own needs the score itself.
      const bool natural = !maps.empty() || softmax.getRule() == Rule::Additive;
      const double scale = scores.getScale().convertToDouble() * (natural ? 1 : log2e);
      auto attention = AttentionOp::create(builder, combine.getLoc(), results, scores.getQuery(),
                                           key, value, APFloat(scale), natural, softmax.getRule());
      if (!scores.getPair().empty()) {
        IRMapping mapping;
        scores.getPair().cloneInto(&attention.getPair(), mapping);
      }
      if (!maps.empty()) compose(attention.getScore(), maps, softmax.getLoc());
      attention.getMask().takeBody(softmax.getMask());
      combine.getResult().replaceAllUsesWith(attention.getResult());
      combine.erase();
      if (stored) softmax.getResult().replaceAllUsesWith(attention.getScores());
      softmax.erase();
      for (MapOp map : maps)
        if (map->use_empty()) map.erase();
      if (scores->use_empty()) scores.erase();
      eraseUnread(givenKey);
      eraseUnread(givenValue);
    });
  }
};
}  // namespace
}  // namespace attnc::ir
