// evaluate.h - formulas of a plan on plain numbers: the reference for what kernels compute.
//
//   PlanPlace at{.query = 8, .last_query = 15, .query_length = 100, .key_length = 100};
//   std::vector<double> bounds = evaluate(attention.keys, at);     // [begin, end) of that tile
//   at.key = 0, at.last_key = 15;
//   Sight sight = look(attention, at);                             // of the tile and this cell
//
// For tests and for `attnc show`. Indices have 32 bits and wrap around, bounds have 64; both divide
// as C++ does (by zero: zero). Real numbers are double. Not here: tables, which the caller reads.
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
  int64_t query = 0, last_query = 0;  // of a tile its first query and its last
  int64_t key = 0, last_key = 0;      // of a cell its first key and its last
  int64_t query_length = 0, key_length = 0;
  /// Of a single axis, and of those that are neither queries nor keys.
  std::function<int64_t(attn::Kind, int number)> length{};
  /// What `argument` steps are.
  std::vector<double> arguments{};
  /// An element of a table, for an `element` or an `own` step (read_input and read_packing say of
  /// what); a truth is 0 or 1. `indices` are the step's own, not clamped; of an `own` step, which
  /// has none, they are the batch, the head, the query and the key where it stands.
  std::function<double(const PlanStep&, std::span<const int64_t> indices)> read{};
};

/// The formula's results; truths are 0 or 1. Exact but for bounds beyond 2^53.
std::vector<double> evaluate(const PlanFormula& formula, const PlanPlace& place);

/// A number, or nothing where it depends on what is not known.
using Known = std::optional<double>;
/// Whether what an `own` or an `element` step reads is known. Empty: all is.
using IsKnown = std::function<bool(const PlanStep&)>;

/// The same with arguments and tables some of which are not known: then neither are the steps that
/// they decide. `read` is asked for known elements alone.
std::vector<Known> evaluate(const PlanFormula& formula, const PlanPlace& place,
                            std::span<const Known> arguments, const IsKnown& is_known = {});

/// The least and the most over the place's queries, its keys or its pairs, each looked at.
std::pair<Known, Known> extremes_of(const Extremes& extremes, const PlanPlace& place,
                                    const IsKnown& is_known = {});

/// What is known of the pairs of a tile of queries and a cell of keys.
struct Sight {
  bool possible = true;  // one of them may be visible
  bool certain = false;  // all of them are
  bool operator==(const Sight&) const = default;
};

/// Attention::blocks at the tile [query, last_query] and the cell [key, last_key], from the least
/// and the most of each extreme in their order. Without blocks nothing is known; without a mask all
/// is visible.
Sight look(const Attention& attention, const PlanPlace& place, std::span<const Known> extremes,
           const IsKnown& is_known = {});
/// The same with every extreme looked at.
Sight look(const Attention& attention, const PlanPlace& place);

}  // namespace attnc
