//===- VerifyAttention.cpp - attention, and the extremes in its blocks ----------===//

#include "dialect/Verify.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {

/// Attention's formulas see all query axes as one axis, and all key axes as another: they must not
/// read the position along one of several axes.
static LogicalResult verifyFlat(AttentionOp attention) {
  WalkResult walked = attention->walk([&](PositionOp position) {
    const AxisAttr axis = position.getAxis();
    if ((axis.getKind() != Kind::query && axis.getKind() != Kind::key) || axis.getNumber() == 0)
      return WalkResult::advance();
    position.emitOpError() << "expected the position among all "
                           << attn::kind_names[static_cast<size_t>(axis.getKind())]
                           << " axes, got that of " << axisName(axis.getKind(), axis.getNumber());
    return WalkResult::interrupt();
  });
  return failure(walked.wasInterrupted());
}

/// `blocks` must read positions of queries and keys through attn.extremes, which must not occur in
/// other regions.
static LogicalResult verifyBlocks(AttentionOp attention, ValueType scores) {
  Region& blocks = attention.getBlocks();
  mlir::Type index = IndexType::get(attention.getContext()),
             i1 = IntegerType::get(attention.getContext(), 1);
  if (failed(verifyArguments(attention, "blocks", blocks, {index, index, index, index})) ||
      failed(verifyYield(attention, "blocks", blocks, {i1, i1})))
    return failure();
  auto sequences = ValueType::get(attention.getContext(), scores.only({Kind::batch, Kind::head}),
                                  scores.getElementType());
  if (!blocks.empty())
    for (Operation& op : blocks.front()) {
      if (isa<PositionOp, OwnOp>(op) && failed(verifyPlace(&op, sequences))) return failure();
    }
  for (Region& region : attention->getRegions()) {
    if (&region == &blocks || region.empty()) continue;
    for (Operation& op : region.front())
      if (isa<ExtremesOp>(op))
        return op.emitOpError() << "expected it inside 'blocks', got it in another formula";
  }
  return verifyPositions(blocks, scores);
}

LogicalResult ExtremesOp::verifyRegions() {
  Region& formula = getFormula();
  if (failed(verifyArguments(*this, "formula", formula, {})) ||
      failed(verifyYield(*this, "formula", formula, {getLeast().getType()})))
    return failure();
  std::optional<Kind> hidden;  // the axis whose positions the formula must not read
  if (const std::optional<Kind> over = kindOf(getOver()))
    hidden = *over == Kind::query ? Kind::key : Kind::query;
  WalkResult walked = formula.walk([&](Operation* op) {
    for (mlir::Value operand : op->getOperands())
      if (auto argument = dyn_cast<BlockArgument>(operand);
          argument && argument.getOwner() == (*this)->getBlock()) {
        op->emitOpError() << "expected numbers of each query or key, got one of the tile or cell";
        return WalkResult::interrupt();
      }
    bool reads = false;
    if (auto position = dyn_cast<PositionOp>(op)) reads = position.getAxis().getKind() == hidden;
    if (auto own = dyn_cast<OwnOp>(op)) reads = hidden && typeOf(own.getTable()).count(*hidden) > 0;
    if (!reads) return WalkResult::advance();
    op->emitOpError() << "expected no " << attn::kind_names[static_cast<size_t>(*hidden)]
                      << " axis in a formula over " << stringifyOver(getOver()) << ", got one";
    return WalkResult::interrupt();
  });
  return failure(walked.wasInterrupted());
}

LogicalResult AttentionOp::verifyRegions() {
  ValueType query = typeOf(getQuery()), key = typeOf(getKey());
  if (failed(verifyQueryKey(*this, query, key, Heads::shared))) return failure();
  auto scores = ValueType::get(getContext(), scoreAxes(query, key), query.getElementType());
  if (failed(verifyCombined(*this, scores, key, typeOf(getValue()), typeOf(getResult()))))
    return failure();
  if (getScores() &&
      failed(verifyScores(*this, "result 'scores'", typeOf(getScores()), query, key)))
    return failure();
  mlir::Type real = scores.getElementType();
  if (failed(verifyPair(*this, getPair(), scores)) ||
      failed(verifyArguments(*this, "score", getScore(), {real})) ||
      failed(verifyYield(*this, "score", getScore(), {real})) ||
      failed(verifyPositions(getScore(), scores)))
    return failure();
  if (failed(verifyRows(*this, scores)) || failed(verifyMask(*this, getMask(), scores)) ||
      failed(verifyFlat(*this)) || failed(verifyBlocks(*this, scores)))
    return failure();
  mlir::Type index = IndexType::get(getContext());
  if (failed(verifyArguments(*this, "keys", getKeys(), {index, index})) ||
      failed(verifyYield(*this, "keys", getKeys(), {index, index})))
    return failure();
  WalkResult walked = getKeys().walk([](PositionOp position) {
    const Kind kind = position.getAxis().getKind();
    if (kind != Kind::query && kind != Kind::key) return WalkResult::advance();
    position.emitOpError() << "keys: expected the tile's first and last query, got a position";
    return WalkResult::interrupt();
  });
  if (walked.wasInterrupted()) return failure();
  return verifyPositions(getKeys(), scores);
}

}  // namespace attnc::ir
