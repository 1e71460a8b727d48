//===- Verify.h - what the verifiers of operations have in common --------------===//
//
// Each answers success, or reports the mistake at `op` and fails. Sentences have one form:
//
//   operand 'key': expected [head 2] of 'query', got [head 3]
//
//===----------------------------------------------------------------------===//
#pragma once

#include <string>

#include "attn/nodes.h"
#include "dialect/AttnDialect.h"

namespace attnc::ir {

inline ValueType typeOf(mlir::Value value) { return mlir::cast<ValueType>(value.getType()); }

/// "[batch, head 2, feature of @query]"
std::string text(llvm::ArrayRef<Axis> axes);
bool inAnyOrder(llvm::ArrayRef<Axis> a, llvm::ArrayRef<Axis> b);

// ---- formulas. `region` is what the sentence calls the formula; an absent one is right.

/// The formula's results: their types, one by one.
mlir::LogicalResult verifyYield(mlir::Operation* op, llvm::StringRef region, mlir::Region& body,
                                llvm::ArrayRef<mlir::Type> expected);
mlir::LogicalResult verifyArguments(mlir::Operation* op, llvm::StringRef region, mlir::Region& body,
                                    llvm::ArrayRef<mlir::Type> expected);
/// A position, a length, or what stands where the element does, must be of axes that there are.
mlir::LogicalResult verifyPlace(mlir::Operation* op, ValueType where);
/// Positions and lengths that a formula reads must be axes of what it is applied to.
mlir::LogicalResult verifyPositions(mlir::Region& body, ValueType where);

// ---- scores, softmax and combine, and attention, which is all of them at once

/// [batch.., head, query.., key..]
llvm::SmallVector<Axis> scoreAxes(ValueType query, ValueType key);
/// Whether key heads may be fewer than query heads, each serving several.
enum class Heads { equal, shared };
mlir::LogicalResult verifyQueryKey(mlir::Operation* op, ValueType query, ValueType key,
                                   Heads heads);
mlir::LogicalResult verifyScores(mlir::Operation* op, llvm::StringRef whose, ValueType scores,
                                 ValueType query, ValueType key);
/// Values under probabilities: the same keys, and the heads of `like`, the probabilities or the
/// keys that those are of; `probabilities` may have further axes.
mlir::LogicalResult verifyCombined(mlir::Operation* op, ValueType probabilities, ValueType like,
                                   ValueType value, ValueType result);
mlir::LogicalResult verifyPair(mlir::Operation* op, mlir::Region& pair, ValueType scores);
mlir::LogicalResult verifyMask(mlir::Operation* op, mlir::Region& mask, ValueType scores);
/// A logit of every row: a real number of the batch, the head and the query.
mlir::LogicalResult verifySink(mlir::Operation* op, mlir::Region& sink, ValueType scores);
/// What becomes of a row: of softmax, and of attention. Sigmoids have no sum.
template <class Op>
mlir::LogicalResult verifyRows(Op op, ValueType scores) {
  if (op.getSigmoid() && !op.getSink().empty())
    return op.emitOpError() << "expected 'sigmoid' or a region 'sink', got both";
  if (op.getSigmoid() && op.getRule() == Rule::Additive)
    return op.emitOpError()
           << "expected 'sigmoid' beside the rule 'uniform' or 'zero', got 'additive'";
  return verifySink(op, op.getSink(), scores);
}

}  // namespace attnc::ir
