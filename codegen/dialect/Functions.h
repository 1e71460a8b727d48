//===- Functions.h - the language's functions as operations, both ways ---------===//
//
//   Value sum = makeFunction(builder, loc, attn::Fn::add, real, {a, b});   // arith.addf
//   if (auto fn = functionOf(op)) ...                                      // attn::Fn::add
//
// One row a function in Functions.cpp serves the import of formulas and the reading of them back
// into plans. Not here: what a formula reads (positions, tables, numbers), and comparisons and
// choices on their way back, which MLIR writes in more ways than the language
// (plan/formula_from_region.cpp).
//
//===----------------------------------------------------------------------===//
#pragma once

#include <optional>

#include "dialect/AttnDialect.h"

namespace attnc::ir {

/// Operands have the types that the function takes (attn::Signature): all indices, all of `real`,
/// or truths. The result is an index, a truth, or of the type `real`.
mlir::Value makeFunction(mlir::OpBuilder& builder, mlir::Location loc, attn::Fn fn,
                         mlir::FloatType real, mlir::ValueRange operands);

/// The function that an operation is, of the same operands in the same order; nothing for
/// operations that are none, or are more than one step.
std::optional<attn::Fn> functionOf(mlir::Operation* op);

}  // namespace attnc::ir
