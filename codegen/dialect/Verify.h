//===- Verify.h - what verifiers of operations have in common ------------------===//
//
// Each returns success, or reports an error at `op` and returns failure. Errors have one form:
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

// ---- formulas. `region` is the name of the formula in errors; an absent formula is valid.

/// The formula must yield values of the expected types.
mlir::LogicalResult verifyYield(mlir::Operation* op, llvm::StringRef region, mlir::Region& body,
                                llvm::ArrayRef<mlir::Type> expected);
mlir::LogicalResult verifyArguments(mlir::Operation* op, llvm::StringRef region, mlir::Region& body,
                                    llvm::ArrayRef<mlir::Type> expected);
/// If `op` is attn.position, attn.length or attn.own, its axes must be axes of `where`.
mlir::LogicalResult verifyPlace(mlir::Operation* op, ValueType where);
/// The same for all operations of a formula; `where` is the value that the formula is applied to.
mlir::LogicalResult verifyPositions(mlir::Region& body, ValueType where);

// ---- scores, softmax and combine, and attention, which is all three in one

/// [batch.., head, query.., key..]
llvm::SmallVector<Axis> scoreAxes(ValueType query, ValueType key);
/// `shared`: there may be fewer key heads than query heads; each serves several.
enum class Heads { equal, shared };
mlir::LogicalResult verifyQueryKey(mlir::Operation* op, ValueType query, ValueType key,
                                   Heads heads);
mlir::LogicalResult verifyScores(mlir::Operation* op, llvm::StringRef whose, ValueType scores,
                                 ValueType query, ValueType key);
/// `value` must have the batch and key axes of `probabilities` and the heads of `like`: the
/// probabilities themselves, or attention's key. `result` must have the axes of the weighted sum.
mlir::LogicalResult verifyCombined(mlir::Operation* op, ValueType probabilities, ValueType like,
                                   ValueType value, ValueType result);
mlir::LogicalResult verifyPair(mlir::Operation* op, mlir::Region& pair, ValueType scores);
mlir::LogicalResult verifyMask(mlir::Operation* op, mlir::Region& mask, ValueType scores);
/// A sink is a logit per row: a real number that depends on batch, head and query.
mlir::LogicalResult verifySink(mlir::Operation* op, mlir::Region& sink, ValueType scores);
/// The rule, `sigmoid` and `sink` of softmax and of attention. Rows of sigmoids have no sum, which
/// a sink or the rule `additive` would need.
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
