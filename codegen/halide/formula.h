// formula.h - a plan's formula as a Halide expression at one place.
//
//   Site site{.batch = b, .head = h, .query = q, .key = k, ...};
//   Expr keep = attnc::evaluate(plan_attention.mask, site)[0];
//
// Indices are Int(32) and wrap around, bounds are Int(64), truths are Bool, real numbers have the
// site's type. Integer division truncates, as in the language and in C++.
#pragma once
#include <Halide.h>

#include <functional>
#include <vector>

#include "plan/plan.h"

namespace attnc {

/// Where a formula is evaluated.
struct Site {
  Halide::Type real = Halide::Float(32);
  Halide::Expr batch, head, query, key;
  Halide::Expr size, feature;  // of an element of heads or of features; undefined elsewhere
  // For a tile of queries and a cell of keys, `query` and `key` are the first of each.
  Halide::Expr last_query, last_key;
  Halide::Expr query_length, key_length;
  std::function<Halide::Expr(attn::Kind kind, int number)> length;  // of one of several axes
  /// Reads an input or a packed weight. An `element` step passes indices, an `own` step none.
  std::function<Halide::Expr(const PlanStep& step, const std::vector<Halide::Expr>& indices)> read;
  std::vector<Halide::Expr> arguments;
};

/// The formula's results, in order. Throws std::logic_error for a step that planning should have
/// refused.
std::vector<Halide::Expr> evaluate(const PlanFormula& formula, const Site& site);

}  // namespace attnc
