// attention_scores.h - from products of query and key to the scores that the softmax takes.
#pragma once
#include <utility>
#include <vector>

#include "halide/context.h"

namespace attnc {

/// The elements of a run-time mask for the scores being computed. Masks are read through such
/// tiles, so that only one short loop depends on the caller's strides.
struct MaskTile {
  Halide::Func numbers;
  Halide::ImageParam image;
};

/// One term of the sum that makes a score.
Halide::Expr product_of(const Context& context, const Attention& stage, const Halide::Expr& query,
                        const Halide::Expr& key, const Site& at);
/// The score of the pair at `at`: masked_score where the key does not exist (`exists` is false) or,
/// except under the rule `additive`, the mask hides it. If `exists` is undefined, the key exists
/// and is visible. Run-time masks are read through Funcs over `arguments`, which are appended to
/// `tiles` for the caller to schedule.
Halide::Expr score_of(const Context& context, const Attention& stage, const Halide::Expr& sum,
                      const Halide::Expr& exists, Site at,
                      const std::vector<Halide::Var>& arguments, std::vector<MaskTile>& tiles);
void schedule_mask_tile(const Context& context, const MaskTile& mask, const Halide::Var& key);

/// The maximum and the sum of a row before any key: those of its sink, or of an empty row.
std::pair<Halide::Expr, Halide::Expr> sink_of(const Context& context, const Attention& stage,
                                              const Site& at);
/// Whether rows without a visible key are the mean of all values. With sigmoids, and in rows with a
/// sink, the result is zero without a special case.
inline bool is_uniform(const Attention& stage) {
  return stage.rule == attn::FullyMasked::uniform && !stage.mask.empty() && !stage.sigmoid;
}

/// Whether a formula may vary along an axis: it reads the position, or an input that has the axis.
bool differs_along(const Context& context, const PlanFormula& formula, attn::Kind kind);
/// [first, end) of the keys that queries `first_query` to `last_query` can see; `first` begins a
/// panel. If `head` is undefined, the range holds for all heads.
std::pair<Halide::Expr, Halide::Expr> visible_keys(const Context& context, const Attention& stage,
                                                   const Halide::Expr& head,
                                                   const Halide::Expr& batch,
                                                   const Halide::Expr& first_query,
                                                   const Halide::Expr& last_query);

}  // namespace attnc
