// attention_with_scores.cpp - attention whose probabilities are stored, as an output or for another
// stage.
//
// Probabilities are stored as [batch, head, query, key], and the weighted sum reads them there. A
// task is scores_query_tile queries of one head: all their scores at once (scores_query_tile x keys
// numbers of scratch), one maximum, one sum, no rescaling. Where the mask bounds the keys that a tile
// can see (visible_keys), the products of other keys are left out and their probabilities are filled
// in; a causal layer takes half of the operations.
#include "halide/attention_operands.h"
#include "halide/attention_scores.h"
#include "halide/families.h"
#include "halide/lane_fold.h"
#include "halide/register_tile.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

void make_with_scores(Context& context, const Attention& stage) {
  const Values values = values_of(stage);
  pack_keys(context, stage);
  pack_values(context, values);
  const Schedule& s = context.schedule();
  const int lanes = s.vector, tile = s.scores_query_tile;
  const Expr queries = context.extent(Kind::query), keys = context.extent(Kind::key);
  const bool returned = context.output_of(stage.scores) >= 0;
  const Expr zero = context.number(0), masked = masked_score(context.real());
  const bool bounded = !stage.keys.empty();
  const VisibleKeys visible = [&context, &stage, tile, queries](const Expr& qt, const Expr& h,
                                                                const Expr& b) {
    return visible_keys(context, stage, h, b, qt * tile, min(qt * tile + (tile - 1), queries - 1));
  };

  // ---- algorithm
  Var x("x"), q("q"), qt("qt"), h("h"), b("b"), i("i"), lane("lane"), k("k"), t("t");
  const Expr query = min(qt * tile + q, queries - 1);
  Func dot("dot"), score("score");
  RDom d(0, stage.key_size, "d");
  dot(i, q, qt, h, b) = zero;
  const Site at = context.site(b, h, query, i);
  QueryTile query_tile(context, stage, {q, qt, h, b}, [&](const Expr& element) {
    return query_element(context, stage, h, element, query, b);
  });
  dot(i, q, qt, h, b) += product_of(context, stage, query_tile(d),
                                    key_element(context, stage, h, d, i / lanes, i % lanes, b), at);
  std::vector<MaskTile> mask_tiles;
  score(i, q, qt, h, b) =
      score_of(context, stage, dot(i, q, qt, h, b), i < keys, at, {i, q, qt, h, b}, mask_tiles);

  // Panels of keys that the tile can see. The minimum changes none of them; from it Halide learns
  // which scores are needed.
  const Expr panels = (keys + (lanes - 1)) / lanes;
  RDom v(0, panels, "v"), seen(0, lanes, 0, panels, "seen");
  Expr first_panel = 0, last_of_seen;
  if (bounded) {
    const auto [first, end] = visible(qt, h, b);
    const Expr count = (end - first + (lanes - 1)) / lanes;
    v.where(v < count);
    seen.where(seen.y < count);
    first_panel = first / lanes, last_of_seen = max(count - 1, 0);
  }
  const auto key_of = [&](const Expr& panel, const Expr& lane) {
    return (bounded ? first_panel + min(panel, last_of_seen) : panel) * lanes + lane;
  };
  Func lane_maximum("lane_maximum"), p("p"), lane_sum("lane_sum");
  lane_maximum(lane, q, qt, h, b) = masked;
  lane_maximum(lane, q, qt, h, b) =
      max(lane_maximum(lane, q, qt, h, b), score(key_of(v, lane), q, qt, h, b));
  const auto [sink, sink_sum] = sink_of(context, stage, context.site(b, h, query, 0));
  LaneFold maximum = fold_lanes("maximum", lane_maximum, lanes, Fold::maximum, sink);
  const auto weight = [&](const Expr& key) {
    const Expr at_key = score(key, q, qt, h, b);
    return stage.sigmoid ? sigmoid_of(at_key)
                         : exp_of_nonpositive(at_key - maximum.whole(q, qt, h, b));
  };
  if (bounded) {
    const Expr key = key_of(seen.y, seen.x);
    p(i, q, qt, h, b) = zero;
    p(key, q, qt, h, b) = weight(key);
  } else {
    p(i, q, qt, h, b) = weight(i);
  }
  lane_sum(lane, q, qt, h, b) = zero;
  lane_sum(lane, q, qt, h, b) += p(key_of(v, lane), q, qt, h, b);
  // The sink's term of the sum is e^(sink - maximum); it has no value.
  LaneFold sum = fold_lanes("sum", lane_sum, lanes, Fold::sum,
                            sink_sum * exp_of_nonpositive(sink - maximum.whole(q, qt, h, b)));
  Func scores(context.name_of(stage.scores, "scores"));
  {
    const Expr row = t % tile, row_tile = t / tile;
    const Expr otherwise =
        is_uniform(stage) ? context.number(1) / max(cast(context.real(), keys), context.number(1))
                          : zero;
    const Expr total = sum.whole(row, row_tile, h, b);
    const Expr probability =
        stage.sigmoid ? Expr(p(k, row, row_tile, h, b))
                      : select(maximum.whole(row, row_tile, h, b) > no_key_seen(context.real()),
                               p(k, row, row_tile, h, b) * (context.number(1) / total),
                               strict_float(otherwise + strict_float(total * zero)));
    scores(k, t, h, b) = returned ? context.stored(probability) : probability;
  }
  context.define(stage.scores, scores);

  // ---- schedule
  Var to("to"), ti("ti"), task("task");
  const int rows = s.rows_of_scores();
  scores.compute_root()
      .bound(k, 0, keys)
      .bound(t, 0, queries)
      .bound(h, 0, stage.heads)
      .bound(b, 0, context.extent(Kind::batch))
      .split(t, to, ti, tile, TailStrategy::GuardWithIf)
      .reorder(k, ti, to, h, b)
      .fuse(to, h, task)
      .fuse(task, b, task)
      .parallel(task)
      .vectorize(k, lanes, TailStrategy::GuardWithIf);
  query_tile.compute_at(LoopLevel(scores, task));
  score.compute_at(scores, task).bound_storage(q, tile + rows);
  schedule_register_tile(score, dot, i, q, d, score_tile(s, stage));
  for (const MaskTile& mask : mask_tiles) {
    Func numbers = mask.numbers;
    numbers.compute_at(scores, task);
    schedule_mask_tile(context, mask, i);
  }
  p.compute_at(scores, task).vectorize(i, lanes, TailStrategy::RoundUp);
  if (bounded) {
    p.update()
        .allow_race_conditions()
        .reorder(seen.x, seen.y, q)
        .never_partition_all()
        .vectorize(seen.x, lanes);
  }
  if (!stage.sigmoid) {
    for (LaneFold* fold : {&maximum, &sum}) {
      fold->whole.compute_at(scores, task);
      fold->compute_within_rows(q);
      fold->by_lane.update().reorder(lane, v).vectorize(lane, lanes);
    }
  }
  make_weighted_sum(
      context, values, tile,
      [&](const Expr& key, const Expr& query_at, const Expr& head, const Expr& batch) {
        return context.element(stage.scores, {key, query_at, head, batch});
      },
      // Rows without a visible key may be the mean of all values.
      bounded && !is_uniform(stage) ? visible : VisibleKeys());
}

}  // namespace attnc
