// import_formula.h - a formula's steps as operations of arith, math and attn in a region.
#pragma once
#include <functional>

#include "attn/graph.h"
#include "dialect/AttnDialect.h"

namespace attnc {

/// Fills an empty region with the formula and an attn.yield. `arguments` numbers come in, of the
/// type `real`, which all real numbers have; where the result `is_real`, an index becomes one;
/// `table` gives the value of table number i of the graph.
void importFormula(mlir::Region& region, mlir::Location loc, const attn::Graph& graph,
                   attn::FormulaRange formula, int arguments, bool is_real, mlir::FloatType real,
                   const std::function<mlir::Value(int)>& table);

}  // namespace attnc
