//===- MaskReader.h - a mask's region as a condition over terms -----------------===//
//
//   MaskTables tables;
//   Condition visible = MaskReader(tables).condition(yield.getValues()[0]);
//
// An index that reads no position of a query or a key and has no other form is a point.
// Tables read at positions, real numbers, and truncating divisions of numbers that may be negative
// are unknown.
//
// Indices wrap around at 32 bits, terms do not. Intermediate sums and products may wrap around, as
// long as the result fits 32 bits again. So only terms that are compared, divided or chosen matter:
// `indices` are those that have to fit 32 bits for the condition to be the mask.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "masks/Reads.h"
#include "masks/Terms.h"

namespace attnc::ir {

/// The values of a call that a condition depends on: flags, each with the value to assume for it,
/// and points, which are the same for a whole tile. A flag that is not listed is unknown.
struct MaskTables {
  llvm::MapVector<mlir::Value, bool> flags;
  llvm::SetVector<mlir::Value> points;
};

class MaskReader {
 public:
  explicit MaskReader(MaskTables& tables) : tables_(tables) {}

  Condition condition(mlir::Value truth);
  /// Null for an index that is not made of positions, lengths and points.
  Term term(mlir::Value index);
  /// The terms read so far that have to fit 32 bits, each once, without those that certainly do.
  const std::vector<Term>& indices() const { return indices_; }

 private:
  MaskTables& tables_;
  Reads reads_;
  llvm::DenseMap<mlir::Value, Condition> conditions_;
  llvm::DenseMap<mlir::Value, Term> terms_;
  std::vector<Term> indices_;

  Condition readCondition(mlir::Value value);
  Condition comparison(mlir::arith::CmpIOp op);
  Term readTerm(mlir::Value value);
  /// The term of an index that is compared, divided or chosen; it joins `indices`.
  Term whole(mlir::Value index);
  Term divided(mlir::Operation* op, Term (*make)(const Term&, const Term&), bool truncates);
};

}  // namespace attnc::ir
