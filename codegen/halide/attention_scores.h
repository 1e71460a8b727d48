// attention_scores.h - from products of query and key to the scores that the softmax takes.
#pragma once
#include <utility>
#include <vector>

#include "halide/context.h"

namespace attnc {

/// A run-time mask's numbers for the scores at hand. Masks come through such a tile, so that the
/// caller's strides meet one short loop.
struct MaskTile {
  Halide::Func numbers;
  Halide::ImageParam image;
};

/// One term of the sum that makes a score.
Halide::Expr product_of(const Context& context, const Attention& stage, const Halide::Expr& query,
                        const Halide::Expr& key, const Site& at);
/// The score of the pair at `at`, masked_score where the key does not exist (`exists` false) or counts
/// for nothing. Without `exists` it exists and counts. Run-time masks are read through tiles over
/// `arguments`, which are the caller's to schedule.
Halide::Expr score_of(const Context& context, const Attention& stage, const Halide::Expr& sum,
                      const Halide::Expr& exists, Site at,
                      const std::vector<Halide::Var>& arguments, std::vector<MaskTile>& tiles);
void schedule_mask_tile(const Context& context, const MaskTile& mask, const Halide::Var& key);

/// The maximum and the sum of a row before any key: a sink's, or of none.
std::pair<Halide::Expr, Halide::Expr> sink_of(const Context& context, const Attention& stage,
                                              const Site& at);
/// Rows without a key are the mean of all values. One with a sink or of sigmoids is zero by itself.
inline bool is_uniform(const Attention& stage) {
  return stage.rule == attn::FullyMasked::uniform && !stage.mask.empty() && !stage.sigmoid;
}

/// Whether a formula may differ along an axis: it reads its position, or an input that has it.
bool differs_along(const Context& context, const PlanFormula& formula, attn::Kind kind);
/// [first, end) of the keys that queries `first_query` to `last_query` can see, first at the
/// beginning of a panel. Of all heads together where `head` is undefined.
std::pair<Halide::Expr, Halide::Expr> visible_keys(const Context& context, const Attention& stage,
                                                   const Halide::Expr& head,
                                                   const Halide::Expr& batch,
                                                   const Halide::Expr& first_query,
                                                   const Halide::Expr& last_query);

}  // namespace attnc
