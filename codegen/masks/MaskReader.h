//===- MaskReader.h - a mask's region as a condition over terms -----------------===//
//
//   MaskTables tables;
//   Condition visible = MaskReader(tables).condition(yield.getValues()[0]);
//
// Numbers that read no position of a query or a key, whatever they are made of, are points. What
// reads tables at positions, real numbers, and divisions of what may be negative are unknown.
//
// Indices wrap around at 32 bits and terms do not. Sums and products may wrap on the way, as long
// as what comes of them is an index again; so the question is put where one is compared, divided or
// chosen: `indices` are the terms that must be numbers of 32 bits for the condition to hold what
// the mask says.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "masks/Reads.h"
#include "masks/Terms.h"

namespace attnc::ir {

/// What of a call stays in a condition: flags, each with the value that is put in its place, and
/// numbers that are the same for a whole tile. A flag that is not among them is unknown.
struct MaskTables {
  llvm::MapVector<mlir::Value, bool> flags;
  llvm::SetVector<mlir::Value> points;
};

class MaskReader {
 public:
  explicit MaskReader(MaskTables& tables) : tables_(tables) {}

  Condition condition(mlir::Value truth);
  /// Null for what is not made of positions, lengths and points.
  Term term(mlir::Value index);
  /// Each once; those that surely are, are not among them.
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
  /// The term of an index that is compared, divided or chosen.
  Term whole(mlir::Value index);
  Term divided(mlir::Operation* op, Term (*make)(const Term&, const Term&), bool truncates);
};

}  // namespace attnc::ir
