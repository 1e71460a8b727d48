//===- VerifyValues.cpp - operations on values, one by one, and inside formulas --===//

#include "dialect/Verify.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {

unsigned ProjectOp::contracted() {
  ValueType x = typeOf(getX());
  SmallVector<Axis> seen;
  for (const Axis& axis : typeOf(getKernel()).getAxes()) {
    auto same = [&](const Axis& a) { return a.sameAs(axis); };
    if (!x.find(axis.kind, axis.number) || llvm::any_of(seen, same)) break;
    seen.push_back(axis);
  }
  return seen.size();
}

LogicalResult ProjectOp::verify() {
  ArrayRef<Axis> x = typeOf(getX()).getAxes(), kernel = typeOf(getKernel()).getAxes();
  unsigned n = contracted();
  if (n == 0)
    return emitOpError() << "operand 'kernel': expected leading axes of 'x' " << text(x) << ", got "
                         << text(kernel);
  ArrayRef<Axis> made = kernel.drop_front(n);
  SmallVector<Axis> expected;
  for (const Axis& axis : x) {
    const Axis* same =
        llvm::find_if(kernel.take_front(n), [&](const Axis& a) { return a.sameAs(axis); });
    if (same == kernel.begin() + n) {
      expected.push_back(axis);
    } else if (*same != axis) {
      return emitOpError() << "operand 'kernel': expected " << text(axis) << " of 'x', got "
                           << text(*same);
    }
  }
  expected.append(made.begin(), made.end());
  if (!inAnyOrder(typeOf(getResult()).getAxes(), expected))
    return emitOpError() << "result: expected axes " << text(expected) << ", got "
                         << text(typeOf(getResult()).getAxes());
  if (getBias() && typeOf(getBias()).getAxes() != made)
    return emitOpError() << "operand 'bias': expected axes " << text(made) << ", got "
                         << text(typeOf(getBias()).getAxes());
  return success();
}

LogicalResult ScoresOp::verifyRegions() {
  ValueType query = typeOf(getQuery()), key = typeOf(getKey());
  if (failed(verifyQueryKey(*this, query, key, Heads::equal))) return failure();
  if (failed(verifyScores(*this, "result", typeOf(getResult()), query, key))) return failure();
  return verifyPair(*this, getPair(), typeOf(getResult()));
}

LogicalResult CombineOp::verify() {
  ValueType probabilities = typeOf(getProbabilities());
  return verifyCombined(*this, probabilities, probabilities, typeOf(getValue()),
                        typeOf(getResult()));
}

/// The same axes with another number of heads.
static SmallVector<Axis> resized(ArrayRef<Axis> axes, int64_t heads) {
  SmallVector<Axis> out(axes);
  for (Axis& axis : out)
    if (axis.kind == Kind::head) axis.extent = heads;
  return out;
}

static LogicalResult verifyMade(Operation* op, mlir::Value result, ArrayRef<Axis> expected) {
  ArrayRef<Axis> made = typeOf(result).getAxes();
  if (made == expected) return success();
  return op->emitOpError() << "result: expected axes " << text(expected) << ", got " << text(made);
}

LogicalResult ShareHeadsOp::verify() {
  const uint64_t own = typeOf(getX()).extent(Kind::head),
                 heads = typeOf(getResult()).extent(Kind::head);
  if (own == 0 || heads == 0 || heads % own != 0)
    return emitOpError() << "result: expected a multiple of the " << own << " heads of 'x', got "
                         << heads;
  return verifyMade(*this, getResult(), resized(typeOf(getX()).getAxes(), heads));
}

LogicalResult SliceHeadsOp::verify() {
  const int64_t own = typeOf(getX()).extent(Kind::head),
                heads = typeOf(getResult()).extent(Kind::head), from = getFrom();
  const bool free = own == 0 && typeOf(getX()).find(Kind::head);  // the call decides how many
  if (heads == 0 || from < 0 || (from + heads > own && !free))
    return emitOpError() << "expected heads among the " << own << " of 'x', got " << heads
                         << " from " << from << " on";
  return verifyMade(*this, getResult(), resized(typeOf(getX()).getAxes(), heads));
}

LogicalResult ConcatHeadsOp::verify() {
  ValueType first = typeOf(getFirst()), second = typeOf(getSecond());
  const int64_t a = first.extent(Kind::head), b = second.extent(Kind::head);
  SmallVector<Axis> expected = resized(first.getAxes(), b);
  if (a == 0 || b == 0 || second.getAxes() != ArrayRef(expected))
    return emitOpError() << "operand 'second': expected the axes of 'first' "
                         << text(first.getAxes()) << ", of any number of heads, got "
                         << text(second.getAxes());
  return verifyMade(*this, getResult(), resized(first.getAxes(), a + b));
}

LogicalResult SpliceOp::verify() {
  ValueType cache = typeOf(getCache());
  if (!cache.find(Kind::slot) || !cache.find(Kind::key))
    return emitOpError() << "operand 'cache': expected slots and keys, got "
                         << text(cache.getAxes());
  const SmallVector<Axis> kept = cache.only({Kind::batch, Kind::head, Kind::size});
  for (auto [name, value] : {std::pair("keys", getKeys()), std::pair("values", getValues())}) {
    ValueType type = typeOf(value);
    if (!type.find(Kind::update))
      return emitOpError() << "operand '" << name << "': expected an update axis, got "
                           << text(type.getAxes());
    if (SmallVector<Axis> own = type.only({Kind::batch, Kind::head, Kind::size}); own != kept)
      return emitOpError() << "operand '" << name << "': expected " << text(kept)
                           << " of 'cache', got " << text(own);
  }
  ValueType index = typeOf(getIndex());
  if (index.count(Kind::batch) != index.getAxes().size())
    return emitOpError() << "operand 'index': expected no axes but [batch], got "
                         << text(index.getAxes());
  if (getResult().getType() == cache) return success();
  return emitOpError() << "result: expected " << cache << ", got " << getResult().getType();
}

LogicalResult SlotOp::verify() {
  ValueType cache = typeOf(getCache());
  if (!cache.find(Kind::slot))
    return emitOpError() << "operand 'cache': expected slots, got " << text(cache.getAxes());
  if (getWhich() > 1) return emitOpError() << "expected slot 0 or 1, got " << getWhich();
  SmallVector<Axis> expected;
  llvm::copy_if(cache.getAxes(), std::back_inserter(expected),
                [](const Axis& axis) { return axis.kind != Kind::slot; });
  return verifyMade(*this, getResult(), expected);
}

LogicalResult AsKeysOp::verify() {
  ValueType x = typeOf(getX());
  if (!x.find(Kind::update))
    return emitOpError() << "operand 'x': expected an update axis, got " << text(x.getAxes());
  SmallVector<Axis> expected(x.getAxes());
  for (Axis& axis : expected)
    if (axis.kind == Kind::update) axis.kind = Kind::key;
  return verifyMade(*this, getResult(), expected);
}

LogicalResult GivenOp::verify() {
  auto input = getCondition().getDefiningOp<InputOp>();
  if (!input || !input.getOptional())
    return emitOpError() << "operand 'condition': expected an optional input, got "
                         << (input ? "one that is not" : "another value");
  for (mlir::Value value : {getThen(), getOtherwise()})
    if (value && value.getType() != getResult().getType())
      return emitOpError() << "result: expected " << value.getType() << ", got "
                           << getResult().getType();
  return success();
}

LogicalResult DropoutOp::verify() {
  float rate = getRate().convertToFloat();
  if (rate >= 0 && rate <= 1) return success();
  return emitOpError() << "'rate': expected a number in [0, 1], got " << rate;
}

LogicalResult MapOp::verifyRegions() {
  if (getInputs().empty()) return emitOpError() << "expected at least one operand, got none";
  ValueType first = typeOf(getInputs().front());
  for (mlir::Value input : getInputs().drop_front()) {
    for (const Axis& axis : typeOf(input).getAxes()) {
      if (llvm::is_contained(first.getAxes(), axis)) continue;
      return emitOpError() << "operand 'inputs': expected axes of " << text(first.getAxes())
                           << ", got " << text(axis);
    }
  }
  if (getResult().getType() != first)
    return emitOpError() << "result: expected " << first << ", got " << getResult().getType();
  mlir::Type real = first.getElementType();
  SmallVector<mlir::Type> arguments(getInputs().size(), real);
  if (failed(verifyArguments(*this, "formula", getFormula(), arguments))) return failure();
  if (failed(verifyYield(*this, "formula", getFormula(), {real}))) return failure();
  return verifyPositions(getFormula(), first);
}

LogicalResult SoftmaxOp::verifyRegions() {
  ValueType scores = typeOf(getScores());
  if (!scores.find(Kind::key))
    return emitOpError() << "operand 'scores': expected a key axis, got " << text(scores.getAxes());
  if (failed(verifyRows(*this, scores))) return failure();
  return verifyMask(*this, getMask(), scores);
}

//===----------------------------------------------------------------------===//
// Inside formulas
//===----------------------------------------------------------------------===//

static LogicalResult verifyElement(Operation* op, mlir::Value table, mlir::Type result) {
  if (typeOf(table).getElementType() == result) return success();
  return op->emitOpError() << "result: expected " << typeOf(table).getElementType() << ", got "
                           << result;
}

LogicalResult OwnOp::verify() { return verifyElement(*this, getTable(), getResult().getType()); }

LogicalResult ElementOp::verify() {
  size_t rank = typeOf(getTable()).getAxes().size();
  if (getIndices().size() != rank)
    return emitOpError() << "operand 'indices': expected " << rank << " of them, got "
                         << getIndices().size();
  return verifyElement(*this, getTable(), getResult().getType());
}

}  // namespace attnc::ir
