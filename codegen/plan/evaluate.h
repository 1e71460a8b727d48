// evaluate.h - formulas of a plan on plain numbers: the reference for what kernels compute.
//
//   PlanPlace at{.query = 8, .last_query = 15, .query_length = 100, .key_length = 100};
//   std::vector<double> bounds = evaluate(attention.keys, at);     // [begin, end) of that tile
//   at.key = 0, at.last_key = 15;
//   Sight sight = look(attention, at);                             // of the box of tile and cell
//
// For tests and for `attnc show`. Indices have 32 bits and wrap around, bounds have 64; both divide as
// C++ does (by zero: zero). Real numbers are double. Not here: tables, which the caller reads.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
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

/// What is known of the pairs of a tile of queries and a cell of keys.
struct Sight {
  bool possible = true;  // one of them may be visible
  bool certain = false;  // all of them are
  bool operator==(const Sight&) const = default;
};

/// Attention::blocks at the tile [query, last_query] and the cell [key, last_key], its extremes
/// taken one by one. Without blocks nothing is known; without a mask all is visible.
Sight look(const Attention& attention, const PlanPlace& place);

}  // namespace attnc
