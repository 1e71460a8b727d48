//===- FormAttention.cpp - attn-form-attention ---------------------------------===//

#include "mlir/IR/IRMapping.h"
#include "transforms/Passes.h"

using namespace mlir;

namespace attnc::ir {
#define GEN_PASS_DEF_FORMATTENTION
#include "transforms/Passes.h.inc"

namespace {

/// The operand of a chain of attn.share_heads, or the value itself where there is none.
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

/// Collects the maps between scores and a softmax, the last one first. Null where a map reads
/// anything but the scores.
ScoresOp scoresOf(mlir::Value value, SmallVectorImpl<MapOp>& maps) {
  while (auto map = value.getDefiningOp<MapOp>()) {
    if (!llvm::all_equal(map.getInputs())) return {};
    maps.push_back(map);
    value = map.getInputs().front();
  }
  return value.getDefiningOp<ScoresOp>();
}

/// Composes the formulas of all maps into one.
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

/// Where there are several query axes (or key axes), rewrites positions and lengths along each of
/// them in terms of the position among all queries (or keys) and their number. The last axis is the
/// innermost. The lengths of the other axes than the first are left as they are.
class Flatten {
 public:
  explicit Flatten(AttentionOp attention) : attention_(attention) {}

  void run() {
    for (auto [kind, operand] : {std::pair(::attn::Kind::query, attention_.getQuery()),
                                 {::attn::Kind::key, attention_.getKey()}}) {
      axes_ = cast<ValueType>(operand.getType()).only({kind});
      if (axes_.size() < 2) continue;
      // The axis with the highest number is the innermost, whatever the layout in memory.
      llvm::sort(axes_, [](const Axis& a, const Axis& b) { return a.number < b.number; });
      SmallVector<Operation*> reads;
      attention_->walk([&](Operation* op) {
        if (isa<PositionOp, LengthOp>(op) && axisOf(op).getKind() == kind) reads.push_back(op);
      });
      for (Operation* op : reads) rewrite(op);
    }
  }

 private:
  AttentionOp attention_;
  SmallVector<Axis> axes_;

  static AxisAttr axisOf(Operation* op) {
    if (auto position = dyn_cast<PositionOp>(op)) return position.getAxis();
    return cast<LengthOp>(op).getAxis();
  }

  mlir::Value number(OpBuilder& builder, Location loc, int64_t n) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getI32IntegerAttr(static_cast<int32_t>(n)));
  }
  /// The length of an axis. Axis 0 must have an extent, because `attn.length` of it now counts the
  /// positions of all axes.
  mlir::Value length(OpBuilder& builder, Location loc, const Axis& axis) {
    if (axis.extent) return number(builder, loc, axis.extent);
    return LengthOp::create(builder, loc, builder.getI32Type(),
                            AxisAttr::get(builder.getContext(), axis.kind, axis.number));
  }
  /// The product of the lengths of `axes`; null for none. It is at most the number of positions, so
  /// it does not wrap around; nsw records this for Reads::isLength.
  mlir::Value product(OpBuilder& builder, Location loc, ArrayRef<Axis> axes) {
    mlir::Value all;
    for (const Axis& axis : axes) {
      mlir::Value one = length(builder, loc, axis);
      all = all ? mlir::Value(arith::MulIOp::create(builder, loc, all, one,
                                                    arith::IntegerOverflowFlags::nsw))
                : one;
    }
    return all;
  }

  void rewrite(Operation* op) {
    OpBuilder builder(op);
    Location loc = op->getLoc();
    const AxisAttr axis = axisOf(op);
    const auto here =
        llvm::find_if(axes_, [&](const Axis& a) { return a.number == axis.getNumber(); });
    const size_t place = static_cast<size_t>(here - axes_.begin());
    const AxisAttr all = AxisAttr::get(op->getContext(), axis.getKind(), 0);
    mlir::Value made;
    if (isa<PositionOp>(op)) {
      made = PositionOp::create(builder, loc, builder.getI32Type(), all);
      if (mlir::Value inner = product(builder, loc, ArrayRef(axes_).drop_front(place + 1)))
        made = arith::DivSIOp::create(builder, loc, made, inner);
      if (place > 0) {
        mlir::Value own = length(builder, loc, *here);
        made = arith::RemSIOp::create(builder, loc, made, own);
      }
    } else if (here->extent) {
      made = number(builder, loc, here->extent);
    } else if (axis.getNumber() == 0) {
      made = LengthOp::create(builder, loc, builder.getI32Type(), all);
      SmallVector<Axis> others(axes_);
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(place));
      mlir::Value rest = product(builder, loc, others);
      made = arith::DivSIOp::create(builder, loc, made, rest);
    } else {
      return;
    }
    op->replaceAllUsesWith(ValueRange{made});
    op->erase();
  }
};

struct FormAttention : impl::FormAttentionBase<FormAttention> {
  void runOnOperation() override {
    getOperation()->walk([](CombineOp combine) {
      auto softmax = combine.getProbabilities().getDefiningOp<SoftmaxOp>();
      SmallVector<MapOp> maps;
      ScoresOp scores = softmax ? scoresOf(softmax.getScores(), maps) : ScoresOp();
      if (!scores) return;
      // A softmax with two rules is not part of a path yet.
      if (softmax.getWithScores()) return;

      const bool stored = !softmax->hasOneUse();
      // Attention takes the place of `combine`: other users of the probabilities must come after.
      for (Operation* user : softmax->getUsers())
        if (user != combine && !combine->isBeforeInBlock(user)) return;
      // Shared keys and values are read with their fewer heads, if both have the same number.
      mlir::Value givenKey = scores.getKey(), givenValue = combine.getValue();
      mlir::Value key = unshared(givenKey), value = unshared(givenValue);
      if (headsOf(key) != headsOf(value)) key = givenKey, value = givenValue;

      OpBuilder builder(combine);
      SmallVector<mlir::Type> results{combine.getResult().getType()};
      if (stored) results.push_back(softmax.getResult().getType());
      // Attention takes the attributes that it has in common with the softmax.
      SmallVector<NamedAttribute> rows{builder.getNamedAttr("scale", scores.getScaleAttr())};
      for (NamedAttribute said : softmax->getAttrs())
        if (llvm::is_contained(AttentionOp::getAttributeNames(), said.getName().strref()))
          rows.push_back(said);
      auto attention = AttentionOp::create(builder, combine.getLoc(), results,
                                           ValueRange{scores.getQuery(), key, value}, rows);
      if (!scores.getPair().empty()) {
        IRMapping mapping;
        scores.getPair().cloneInto(&attention.getPair(), mapping);
      }
      if (!maps.empty()) compose(attention.getScore(), maps, softmax.getLoc());
      attention.getMask().takeBody(softmax.getMask());
      attention.getSink().takeBody(softmax.getSink());
      Flatten(attention).run();
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
