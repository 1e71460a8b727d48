#include "dialect/Verify.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {

std::string text(ArrayRef<Axis> axes) {
  std::string out;
  llvm::raw_string_ostream stream(out);
  stream << "[";
  llvm::interleaveComma(axes, stream, [&](const Axis& axis) {
    stream << axisName(axis.kind, axis.number);
    if (axis.extent) stream << " " << axis.extent;
    if (axis.of) stream << " of @" << axis.of.strref();
  });
  stream << "]";
  return out;
}

bool inAnyOrder(ArrayRef<Axis> a, ArrayRef<Axis> b) {
  return a.size() == b.size() &&
         llvm::all_of(a, [&](const Axis& x) { return llvm::count(a, x) == llvm::count(b, x); });
}

LogicalResult verifyYield(Operation* op, StringRef region, Region& body,
                          ArrayRef<mlir::Type> expected) {
  if (body.empty()) return success();
  auto yield = dyn_cast<YieldOp>(body.front().back());
  if (!yield)
    return op->emitOpError() << region << ": expected attn.yield at its end, got "
                             << body.front().back().getName();
  if (!llvm::equal(yield.getValues().getTypes(), expected))
    return yield.emitOpError() << region << ": expected "
                               << llvm::join(llvm::map_range(expected,
                                                             [](mlir::Type t) {
                                                               std::string s;
                                                               llvm::raw_string_ostream(s) << t;
                                                               return s;
                                                             }),
                                             ", ")
                               << ", got " << yield.getValues().getTypes();
  return success();
}

LogicalResult verifyPlace(Operation* op, ValueType where) {
  AxisAttr axis;
  if (auto position = dyn_cast<PositionOp>(op)) axis = position.getAxis();
  if (auto length = dyn_cast<LengthOp>(op)) axis = length.getAxis();
  if (auto own = dyn_cast<OwnOp>(op)) {
    for (const Axis& a : typeOf(own.getTable()).getAxes()) {
      if (where.find(a.kind, a.number)) continue;
      return own.emitOpError() << "operand 'table': expected axes of " << text(where.getAxes())
                               << ", got " << axisName(a.kind, a.number);
    }
  }
  if (!axis || where.find(axis.getKind(), axis.getNumber())) return success();
  return op->emitOpError() << "expected an axis of " << text(where.getAxes()) << ", got "
                           << axisName(axis.getKind(), axis.getNumber());
}

LogicalResult verifyPositions(Region& body, ValueType where) {
  WalkResult walked = body.walk([&](Operation* op) {
    return failed(verifyPlace(op, where)) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

LogicalResult verifyArguments(Operation* op, StringRef region, Region& body,
                              ArrayRef<mlir::Type> expected) {
  if (body.empty() || llvm::equal(body.getArgumentTypes(), expected)) return success();
  return op->emitOpError() << region << ": expected " << expected.size() << " arguments of "
                           << (expected.empty() ? mlir::Type(NoneType::get(op->getContext()))
                                                : expected[0])
                           << ", got " << body.getNumArguments();
}

//===----------------------------------------------------------------------===//
// Scores, softmax, combine, attention
//===----------------------------------------------------------------------===//

SmallVector<Axis> scoreAxes(ValueType query, ValueType key) {
  SmallVector<Axis> axes;
  for (Kind kind : {Kind::batch, Kind::head, Kind::query})
    llvm::append_range(axes, query.only({kind}));
  llvm::append_range(axes, key.only({Kind::key}));
  return axes;
}

LogicalResult verifyQueryKey(Operation* op, ValueType query, ValueType key, Heads heads) {
  if (!query.find(Kind::query))
    return op->emitOpError() << "operand 'query': expected a query axis, got "
                             << text(query.getAxes());
  if (!key.find(Kind::key))
    return op->emitOpError() << "operand 'key': expected a key axis, got " << text(key.getAxes());
  for (Kind kind : {Kind::batch, Kind::head, Kind::size, Kind::feature}) {
    SmallVector<Axis> a = query.only({kind}), b = key.only({kind});
    // Free feature sizes of two inputs can only be compared by the call.
    if (kind == Kind::feature && a.size() == b.size()) continue;
    if (kind == Kind::head && heads == Heads::shared && a.size() == 1 && b.size() == 1) {
      if (b[0].extent > 0 && a[0].extent % b[0].extent == 0) continue;
      return op->emitOpError() << "operand 'key': expected heads that divide " << text(a)
                               << " of 'query', got " << text(b);
    }
    if (!inAnyOrder(a, b))
      return op->emitOpError() << "operand 'key': expected " << text(a) << " of 'query', got "
                               << text(b);
  }
  return success();
}

LogicalResult verifyScores(Operation* op, StringRef whose, ValueType scores, ValueType query,
                           ValueType key) {
  SmallVector<Axis> expected = scoreAxes(query, key);
  if (inAnyOrder(scores.getAxes(), expected)) return success();
  return op->emitOpError() << whose << ": expected axes " << text(expected) << ", got "
                           << text(scores.getAxes());
}

LogicalResult verifyCombined(Operation* op, ValueType probabilities, ValueType like,
                             ValueType value, ValueType result) {
  for (Kind kind : {Kind::batch, Kind::head, Kind::key}) {
    SmallVector<Axis> a = (kind == Kind::head ? like : probabilities).only({kind}),
                      b = value.only({kind});
    if (kind == Kind::head && like != probabilities && !inAnyOrder(a, b))
      return op->emitOpError() << "operand 'value': expected " << text(a) << " of 'key', got "
                               << text(b);
    if (!inAnyOrder(a, b))
      return op->emitOpError() << "operand 'value': expected " << text(a)
                               << " of the probabilities, got " << text(b);
  }
  SmallVector<Axis> expected = probabilities.only({Kind::batch, Kind::query});
  llvm::append_range(expected, probabilities.only({Kind::head}));
  llvm::append_range(expected, value.only({Kind::size, Kind::feature}));
  if (inAnyOrder(result.getAxes(), expected)) return success();
  return op->emitOpError() << "result: expected axes " << text(expected) << ", got "
                           << text(result.getAxes());
}

LogicalResult verifyPair(Operation* op, Region& pair, ValueType scores) {
  mlir::Type real = scores.getElementType();
  if (failed(verifyArguments(op, "pair", pair, {real, real})) ||
      failed(verifyYield(op, "pair", pair, {real})))
    return failure();
  return verifyPositions(pair, scores);
}

LogicalResult verifyMask(Operation* op, Region& mask, ValueType scores) {
  mlir::Type i1 = IntegerType::get(op->getContext(), 1);
  if (failed(verifyArguments(op, "mask", mask, {})) || failed(verifyYield(op, "mask", mask, {i1})))
    return failure();
  return verifyPositions(mask, scores);
}

LogicalResult verifySink(Operation* op, Region& sink, ValueType scores) {
  if (failed(verifyArguments(op, "sink", sink, {})) ||
      failed(verifyYield(op, "sink", sink, {scores.getElementType()})))
    return failure();
  auto rows = ValueType::get(op->getContext(), scores.only({Kind::batch, Kind::head, Kind::query}),
                             scores.getElementType());
  WalkResult walked = sink.walk([&](Operation* inner) {
    const bool wrong = failed(verifyPlace(inner, isa<LengthOp>(inner) ? scores : rows));
    return wrong ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

}  // namespace attnc::ir
