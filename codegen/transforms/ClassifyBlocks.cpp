//===- ClassifyBlocks.cpp - attn-classify-blocks -------------------------------===//
//
// Interval arithmetic over the mask's region: for an index its least and greatest value over a tile
// of queries and a cell of keys, for a truth whether it can hold and whether it certainly does.
// Both are conservative: `possible` is false only where every pair is hidden, `certain` is true
// only where every pair is visible.

#include "llvm/ADT/TypeSwitch.h"
#include "masks/Box.h"
#include "masks/MaskShape.h"
#include "mlir/IR/Matchers.h"
#include "transforms/Passes.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {
#define GEN_PASS_DEF_CLASSIFYBLOCKS
#include "transforms/Passes.h.inc"

namespace {

/// Whether a truth can hold for a pair of the box, and whether it certainly holds for all pairs.
struct TruthBounds {
  mlir::Value possible, certain;
};

class Classifier {
 public:
  Classifier(AttentionOp attention, Block* blocks) : box_(attention, blocks) {}

  TruthBounds classify(mlir::Value truth) {
    if (auto known = sights_.find(truth); known != sights_.end()) return known->second;
    TruthBounds made = classifyNew(truth);
    return sights_[truth] = made;
  }

 private:
  Box box_;
  Reads reads_;
  BoxIntervals intervals_{box_, reads_};
  llvm::DenseMap<mlir::Value, TruthBounds> sights_;

  mlir::Value both(mlir::Value a, mlir::Value b) { return box_.both(a, b); }
  mlir::Value either(mlir::Value a, mlir::Value b) { return box_.either(a, b); }
  mlir::Value negated(mlir::Value a) { return box_.negated(a); }
  TruthBounds unknown() { return {box_.truth(true), box_.truth(false)}; }
  std::optional<Over> overOf(mlir::Value value) { return ir::overOf(reads_, value); }

  TruthBounds classifyNew(mlir::Value value) {
    if (reads_.axes(value) == Axes::none) {
      mlir::Value same = box_.point(value);
      return {same, same};
    }
    Operation* op = value.getDefiningOp();
    // Logic along one axis that attn.extremes has to evaluate anyway is evaluated as a whole. But
    // masks of the call are evaluated one by one: kernels know which have one value for all pairs.
    if (isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::SelectOp>(op) && overOf(value) &&
        !reads_.plain(value) && !reads_.masks(value))
      return lookedAt(value);
    return llvm::TypeSwitch<Operation*, TruthBounds>(op)
        .Case([&](arith::AndIOp op) {
          TruthBounds a = classify(op.getLhs()), b = classify(op.getRhs());
          return TruthBounds{both(a.possible, b.possible), both(a.certain, b.certain)};
        })
        .Case([&](arith::OrIOp op) {
          TruthBounds a = classify(op.getLhs()), b = classify(op.getRhs());
          return TruthBounds{either(a.possible, b.possible), either(a.certain, b.certain)};
        })
        .Case([&](arith::XOrIOp op) { return exclusive(op); })
        .Case([&](arith::SelectOp op) {
          TruthBounds c = classify(op.getCondition()), a = classify(op.getTrueValue()),
                      b = classify(op.getFalseValue());
          mlir::Value possible =
              either(both(c.possible, a.possible), both(negated(c.certain), b.possible));
          mlir::Value certain =
              either(both(c.certain, a.certain), both(negated(c.possible), b.certain));
          return TruthBounds{possible, either(certain, both(a.certain, b.certain))};
        })
        .Case([&](arith::CmpIOp op) { return comparison(op); })
        .Case([&](OwnOp op) {
          if (overOf(op.getResult())) return lookedAt(op.getResult());
          auto [least, most] = box_.extremes(op.getResult(), Over::Pairs);
          return TruthBounds{most, least};
        })
        .Default([&](Operation*) { return lookedAt(value); });
  }

  /// A truth that reads one axis is evaluated at all its positions in the box (attn.extremes). One
  /// that reads both axes is unknown.
  TruthBounds lookedAt(mlir::Value value) {
    const std::optional<Over> over = overOf(value);
    if (!over) return unknown();
    auto [least, most] = box_.extremes(value, *over);
    return {most, least};
  }

  TruthBounds exclusive(arith::XOrIOp op) {
    TruthBounds a = classify(op.getLhs());
    if (matchPattern(op.getRhs(), m_One())) return {negated(a.certain), negated(a.possible)};
    TruthBounds b = classify(op.getRhs());
    return {either(both(a.possible, negated(b.certain)), both(negated(a.certain), b.possible)),
            either(both(a.certain, negated(b.possible)), both(negated(a.possible), b.certain))};
  }

  TruthBounds comparison(arith::CmpIOp op) {
    if (!isIndex(op.getLhs())) return lookedAt(op.getResult());
    // Along one axis, where intervals would be too wide, the comparison itself is evaluated.
    if (overOf(op.getResult()) && !reads_.plain(op.getResult())) return lookedAt(op.getResult());
    using enum arith::CmpIPredicate;
    switch (op.getPredicate()) {
      case sle:
        return ordered(op.getLhs(), op.getRhs(), false);
      case slt:
        return ordered(op.getLhs(), op.getRhs(), true);
      case sge:
        return ordered(op.getRhs(), op.getLhs(), false);
      case sgt:
        return ordered(op.getRhs(), op.getLhs(), true);
      case eq:
        return equal(op.getLhs(), op.getRhs());
      case ne: {
        TruthBounds same = equal(op.getLhs(), op.getRhs());
        return {negated(same.certain), negated(same.possible)};
      }
      default:
        return lookedAt(op.getResult());
    }
  }

  /// a <= b, or a < b.
  TruthBounds ordered(mlir::Value a, mlir::Value b, bool strictly) {
    const auto [x, y, exact] = intervals_.sides(a, b);
    if (!x || !y) return unknown();
    const auto predicate = strictly ? arith::CmpIPredicate::slt : arith::CmpIPredicate::sle;
    return where(exact, {box_.compare(predicate, x.low.value, y.high.value),
                         box_.compare(predicate, x.high.value, y.low.value)});
  }

  TruthBounds equal(mlir::Value a, mlir::Value b) {
    const auto [x, y, exact] = intervals_.sides(a, b);
    if (!x || !y) return unknown();
    using enum arith::CmpIPredicate;
    mlir::Value possible = both(box_.compare(sle, x.low.value, y.high.value),
                                box_.compare(sle, y.low.value, x.high.value));
    // least x = most y >= least y = most x >= least x: all four are equal.
    mlir::Value certain = both(box_.compare(eq, x.low.value, y.high.value),
                               box_.compare(eq, x.high.value, y.low.value));
    return where(exact, {possible, certain});
  }

  /// `sight` where `exact` holds (null: always), unknown where it does not.
  TruthBounds where(mlir::Value exact, TruthBounds sight) {
    if (!exact) return sight;
    return {either(negated(exact), sight.possible), both(exact, sight.certain)};
  }
};

struct ClassifyBlocks : impl::ClassifyBlocksBase<ClassifyBlocks> {
  void runOnOperation() override { getOperation()->walk(classified); }

  static void classified(AttentionOp attention) {
    if (attention.getMask().empty() || !attention.getBlocks().empty()) return;
    auto visible = cast<YieldOp>(attention.getMask().front().back()).getValues()[0];
    attention.setShape(maskShape(visible));
    // In rows without a visible key, hidden keys count: rounding decides which.
    if (attention.getRule() == Rule::Additive) return;
    OpBuilder builder(attention.getContext());
    mlir::Type index = builder.getIndexType();
    Location loc = attention.getLoc();
    Block* blocks = builder.createBlock(&attention.getBlocks(), {}, {index, index, index, index},
                                        {loc, loc, loc, loc});
    TruthBounds sight = Classifier(attention, blocks).classify(visible);
    builder.setInsertionPointToEnd(blocks);
    YieldOp::create(builder, loc, ValueRange{sight.possible, sight.certain});
    // Always possible and never certain: nothing is known.
    if (matchPattern(sight.possible, m_One()) && matchPattern(sight.certain, m_Zero()))
      blocks->erase();
  }
};

}  // namespace
}  // namespace attnc::ir
