//===- Functions.h - functions of the language as operations, and back ---------===//
//
//   Value sum = makeFunction(builder, loc, attn::Fn::add, real, {a, b});   // arith.addf
//   if (auto fn = functionOf(op)) ...                                      // attn::Fn::add
//
// One row per function in Functions.cpp serves both the import of formulas and reading them back
// into plans. Not here: the leaves of formulas (positions, tables, numbers), and reading back
// comparisons and choices, which MLIR writes in more ways than the language
// (plan/formula_from_region.cpp).
//
//===----------------------------------------------------------------------===//
#pragma once

#include <optional>

#include "dialect/AttnDialect.h"

namespace attnc::ir {

/// Makes the operation of a function. Operands must have types that the function takes
/// (attn::Signature): indices, truths, or real numbers of the type `real`. The result has one of
/// these types too.
mlir::Value makeFunction(mlir::OpBuilder& builder, mlir::Location loc, attn::Fn fn,
                         mlir::FloatType real, mlir::ValueRange operands);

/// The function that an operation computes, with the same operands in the same order. nullopt for
/// operations that are no function, or that take more than one step to write.
std::optional<attn::Fn> functionOf(mlir::Operation* op);

}  // namespace attnc::ir
