//===- FormAttention.cpp - attn-form-attention ---------------------------------===//

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

struct FormAttention : impl::FormAttentionBase<FormAttention> {
  void runOnOperation() override {
    getOperation()->walk([](CombineOp combine) {
      auto softmax = combine.getProbabilities().getDefiningOp<SoftmaxOp>();
      auto scores = softmax ? softmax.getScores().getDefiningOp<ScoresOp>() : ScoresOp();
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
      const double scale = scores.getScale().convertToFloat() * log2e;
      auto attention =
          AttentionOp::create(builder, combine.getLoc(), results, scores.getQuery(), key, value,
                              APFloat(static_cast<float>(scale)), softmax.getRule());
      attention.getMask().takeBody(softmax.getMask());
      combine.getResult().replaceAllUsesWith(attention.getResult());
      combine.erase();
      if (stored) softmax.getResult().replaceAllUsesWith(attention.getScores());
      softmax.erase();
      if (scores->use_empty()) scores.erase();
      eraseUnread(givenKey);
      eraseUnread(givenValue);
    });
  }
};
}  // namespace
}  // namespace attnc::ir
