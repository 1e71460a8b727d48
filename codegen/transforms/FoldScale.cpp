//===- FoldScale.cpp - attn-fold-scale -----------------------------------------===//

#include <optional>

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "transforms/Passes.h"

using namespace mlir;

namespace attnc::ir {
#define GEN_PASS_DEF_FOLDSCALE
#include "transforms/Passes.h.inc"

namespace {

std::optional<double> constantOf(mlir::Value value) {
  FloatAttr attr;
  if (!matchPattern(value, m_Constant(&attr))) return std::nullopt;
  return attr.getValueAsDouble();
}

/// The f of value = f * argument, or nullopt where `value` is not a constant multiple.
std::optional<double> factorOf(mlir::Value value, mlir::Value argument) {
  if (value == argument) return 1.0;
  if (auto op = value.getDefiningOp<arith::NegFOp>()) {
    if (auto factor = factorOf(op.getOperand(), argument)) return -*factor;
  }
  if (auto op = value.getDefiningOp<arith::MulFOp>()) {
    for (auto [x, c] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      std::optional<double> constant = constantOf(c);
      if (!constant) continue;
      if (auto factor = factorOf(x, argument)) return *factor * *constant;
    }
  }
  if (auto op = value.getDefiningOp<arith::DivFOp>()) {
    std::optional<double> constant = constantOf(op.getRhs());
    if (!constant || *constant == 0) return std::nullopt;
    if (auto factor = factorOf(op.getLhs(), argument)) return *factor / *constant;
  }
  return std::nullopt;
}

struct FoldScale : impl::FoldScaleBase<FoldScale> {
  void runOnOperation() override {
    // Producers come first, so a chain of maps folds link by link.
    getOperation()->walk([](MapOp map) {
      if (map.getInputs().size() != 1) return;
      auto scores = map.getInputs().front().getDefiningOp<ScoresOp>();
      if (!scores || !scores->hasOneUse()) return;
      auto yield = cast<YieldOp>(map.getFormula().front().back());
      std::optional<double> factor =
          factorOf(yield.getValues()[0], map.getFormula().getArgument(0));
      if (!factor) return;
      scores.setScale(APFloat(scores.getScale().convertToDouble() * *factor));
      map.getResult().replaceAllUsesWith(scores.getResult());
      map.erase();
    });
  }
};

}  // namespace
}  // namespace attnc::ir
