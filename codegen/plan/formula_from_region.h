// formula_from_region.h - a region over arith and math, back as the language's own formula steps.
#pragma once
#include <functional>
#include <string>

#include "dialect/AttnDialect.h"
#include "plan/plan.h"

namespace attnc {

/// The region's formula; empty where it has none. `input` gives the index of the input that a value
/// is, or -1. Arguments of a `keys` region become position(query) with number 0 and 1. On failure
/// the result is empty and `mistake` says why: "a mask with `math.erf` is not compiled yet".
PlanFormula formulaFromRegion(mlir::Region& region, const std::function<int(mlir::Value)>& input,
                              std::string& mistake);

}  // namespace attnc
