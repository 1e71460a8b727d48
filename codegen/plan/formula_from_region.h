// formula_from_region.h - a region over arith and math, back as the language's own formula steps.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "dialect/AttnDialect.h"
#include "plan/plan.h"

namespace attnc {

/// How a formula reads an input or a weight: the bits of its step (read_input, read_packing of
/// plan.h), or nothing, and then `mistake` says why. `at_index`: not where it stands, but at
/// indices.
using ReadTable =
    std::function<std::optional<uint64_t>(mlir::Value table, bool at_index, std::string& mistake)>;

/// The region's formula; empty where it has none. Arguments of a `keys` or a `blocks` region, which
/// are bounds, become edges (PlanEdge, in their order); the others are arguments. Each
/// attn.extremes goes into `extremes`, and its results are arguments, two each. On failure the
/// result is empty and `mistake` says why: "a formula with `math.erf` is not compiled yet".
PlanFormula formulaFromRegion(mlir::Region& region, const ReadTable& read, std::string& mistake,
                              std::vector<Extremes>* extremes = nullptr);

}  // namespace attnc
