// evaluate.h - a plan's formulas on plain numbers: the reference for what kernels compute.
//
//   PlanPlace at{.query = 8, .last_query = 15, .query_length = 100, .key_length = 100};
//   std::vector<double> bounds = evaluate(attention.keys, at);     // [begin, end) for that tile
//   at.key = 0, at.last_key = 15;
//   Sight sight = look(attention, at);                             // of the tile and this cell
//
// For tests and for `attnc show`. Indices have 32 bits and wrap around, bounds have 64 bits; both
// divide as in C++, and division by zero is zero. Real numbers are double. Not here: tables, which
// the caller reads.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "plan/plan.h"

namespace attnc {

/// Where a formula is evaluated.
struct PlanPlace {
  int64_t batch = 0, head = 0;
  int64_t query = 0, last_query = 0;  // of a tile: its first and last query
  int64_t key = 0, last_key = 0;      // of a cell: its first and last key
  int64_t query_length = 0, key_length = 0;
  /// The length of one of several axes, or of an axis that counts neither queries nor keys.
  std::function<int64_t(attn::Kind, int number)> length{};
  /// The values of `argument` steps.
  std::vector<double> arguments{};
  /// The element that an `element` or `own` step reads (see read_input and read_packing); a truth
  /// is 0 or 1. `indices` are the operands of an `element` step, not clamped. An `own` step has
  /// none and gets the batch, head, query and key of this place.
  std::function<double(const PlanStep&, std::span<const int64_t> indices)> read{};
};

/// The formula's results; truths are 0 or 1. Exact except for bounds beyond 2^53.
std::vector<double> evaluate(const PlanFormula& formula, const PlanPlace& place);

/// A number, or nullopt where it depends on something that is not known.
using Known = std::optional<double>;
/// Whether a step reads a table or a mask.
inline bool reads_input(const PlanStep& s) {
  return s.fn == attn::Fn::own || s.fn == attn::Fn::element;
}
/// Whether the table or mask that an `own` or `element` step reads is known. Empty: all are.
using IsKnown = std::function<bool(const PlanStep&)>;

/// The same where some arguments and tables are not known. A step is known if the known ones decide
/// it. `read` is called for known tables only.
std::vector<Known> evaluate(const PlanFormula& formula, const PlanPlace& place,
                            std::span<const Known> arguments, const IsKnown& is_known = {});

/// The minimum and maximum over the place's queries, keys or pairs, all of which are evaluated.
std::pair<Known, Known> extremes_of(const Extremes& extremes, const PlanPlace& place,
                                    const IsKnown& is_known = {});

/// What is known about the pairs of a tile of queries and a cell of keys.
struct Sight {
  bool possible = true;  // at least one may be visible
  bool certain = false;  // all are visible
  bool operator==(const Sight&) const = default;
};

/// Evaluates Attention::blocks for the tile [query, last_query] and the cell [key, last_key].
/// `extremes` holds the minimum and the maximum of each extreme, in order. Without blocks nothing
/// is known, unless there is no mask: then everything is visible.
Sight look(const Attention& attention, const PlanPlace& place, std::span<const Known> extremes,
           const IsKnown& is_known = {});
/// The same, with the extremes computed by extremes_of.
Sight look(const Attention& attention, const PlanPlace& place);

}  // namespace attnc
