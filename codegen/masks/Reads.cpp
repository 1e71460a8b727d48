//===- Reads.cpp - what a formula's values depend on ---------------------------===//

#include "masks/Reads.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {

std::optional<int64_t> Reads::constant(mlir::Value value) {
  APInt number;
  if (!matchPattern(value, m_ConstantInt(&number))) return std::nullopt;
  return number.getSExtValue();
}

/// A product that does not wrap around (nsw), such as that of the lengths of several axes.
static bool ofLengths(Operation* op) {
  auto product = dyn_cast_or_null<arith::MulIOp>(op);
  return product &&
         arith::bitEnumContainsAll(product.getOverflowFlags(), arith::IntegerOverflowFlags::nsw);
}

bool Reads::isLength(mlir::Value value) {
  if (auto n = constant(value)) return *n > 0;
  Operation* op = value.getDefiningOp();
  if (isa_and_nonnull<LengthOp>(op)) return true;
  return (isa_and_nonnull<arith::DivSIOp>(op) || ofLengths(op)) && isLength(op->getOperand(0)) &&
         isLength(op->getOperand(1));
}

bool Reads::isPositive(mlir::Value value) {
  if (auto n = constant(value)) return *n > 0;
  Operation* op = value.getDefiningOp();
  if (isa_and_nonnull<LengthOp>(op)) return true;
  return ofLengths(op) && isPositive(op->getOperand(0)) && isPositive(op->getOperand(1));
}

mlir::Value Reads::first(mlir::Value value) {
  Operation* op = value.getDefiningOp();
  if (auto position = dyn_cast_or_null<PositionOp>(op))
    return positions_.try_emplace(position.getAxis(), value).first->second;
  return value;
}

const Reads::About& Reads::of(mlir::Value value) {
  if (auto known = known_.find(value); known != known_.end()) return known->second;
  About made = find(value);
  return known_[value] = made;
}

Reads::About Reads::find(mlir::Value value) {
  About out;
  Operation* op = value.getDefiningOp();
  if (!op) return out;  // an argument of the region: an end of the tile or cell
  auto reads = [&](Kind kind) {
    if (kind == Kind::query) out.axes = Axes(unsigned(out.axes) | unsigned(Axes::query));
    if (kind == Kind::key) out.axes = Axes(unsigned(out.axes) | unsigned(Axes::key));
  };
  if (auto position = dyn_cast<PositionOp>(op)) {
    reads(position.getAxis().getKind());
    out.positions = out.axes != Axes::none;
    return out;
  }
  if (auto own = dyn_cast<OwnOp>(op)) {
    for (const Axis& axis : cast<ValueType>(own.getTable().getType()).getAxes()) reads(axis.kind);
    out.masks = out.axes != Axes::none;
    out.plain = out.contiguous = !out.masks;
    return out;
  }
  for (mlir::Value operand : op->getOperands()) {
    if (isa<ValueType>(operand.getType())) continue;
    const About own = of(operand);
    out.axes = Axes(unsigned(out.axes) | unsigned(own.axes));
    out.plain &= own.plain;
    out.masks |= own.masks;
    out.contiguous &= own.contiguous;
    out.positions += own.positions;
  }
  if (out.axes == Axes::none) return About{};
  const bool index = isIndex(value);
  if (isa<arith::AddIOp, arith::SubIOp, arith::MinSIOp, arith::MaxSIOp, math::AbsIOp>(op)) {
    // as its operands
  } else if (isa<arith::MulIOp>(op)) {
    const mlir::Value a = op->getOperand(0), b = op->getOperand(1);
    out.plain &= constant(a) || constant(b) || isLength(a) || isLength(b);
    out.contiguous = false;
  } else if (isa<arith::DivSIOp>(op)) {
    out.plain &= isLength(op->getOperand(1));
  } else if (isa<arith::RemSIOp>(op)) {
    // If the dividend takes every number of its range, and the range has two quotients, then it has
    // both extreme remainders: the interval is exact.
    out.plain &= isLength(op->getOperand(1)) && out.contiguous;
    out.contiguous = false;
  } else if (isa<arith::CmpIOp>(op)) {
    out.plain &= isIndex(op->getOperand(0));
  } else if (!isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp>(op) || index) {
    out.plain = out.contiguous = false;
  }
  // The range of a number that reads a position twice is narrower than its parts' intervals imply.
  if (index && out.positions > 1 && out.axes != Axes::both) out.plain = false;
  return out;
}

mlir::Value cloned(mlir::Value value, OpBuilder& builder, IRMapping& mapping) {
  if (mlir::Value known = mapping.lookupOrNull(value)) return known;
  if (isa<ValueType>(value.getType())) return value;
  Operation* op = value.getDefiningOp();
  for (mlir::Value operand : op->getOperands()) cloned(operand, builder, mapping);
  builder.clone(*op, mapping);
  return mapping.lookup(value);
}

}  // namespace attnc::ir
