// import_formula.h - from the steps of a formula to operations of arith, math and attn in a region.
#pragma once
#include <functional>

#include "attn/graph.h"
#include "dialect/AttnDialect.h"

namespace attnc {

/// Fills an empty region with the formula and an attn.yield. The region gets `arguments` arguments
/// of type `real`, which is the type of all real numbers. If `is_real`, a result that is an index
/// is converted to a real number. `table` returns the value of table number i of the graph.
void importFormula(mlir::Region& region, mlir::Location loc, const attn::Graph& graph,
                   attn::FormulaRange formula, int arguments, bool is_real, mlir::FloatType real,
                   const std::function<mlir::Value(int)>& table);

}  // namespace attnc
