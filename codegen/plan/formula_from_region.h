// formula_from_region.h - translates a region over arith and math back into formula steps of the
// language.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "dialect/AttnDialect.h"
#include "plan/plan.h"

namespace attnc {

/// Returns the bits of a step that reads an input or a weight (read_input or read_packing of
/// plan.h), or nullopt and the reason in `mistake`. `at_index`: the step reads at indices, not at
/// the formula's own position.
using ReadTable =
    std::function<std::optional<uint64_t>(mlir::Value table, bool at_index, std::string& mistake)>;

/// The formula of a region; empty for an empty region. Block arguments that are bounds (those of
/// `keys` and `blocks` regions) become edges, in the order of PlanEdge; others become arguments.
/// Each attn.extremes is appended to `extremes`, and its two results become arguments. On failure
/// the result is empty and `mistake` says why: "a formula with `math.erf` is not compiled yet".
PlanFormula formulaFromRegion(mlir::Region& region, const ReadTable& read, std::string& mistake,
                              std::vector<Extremes>* extremes = nullptr);

}  // namespace attnc
