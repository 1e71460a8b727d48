// attention_with_scores.cpp - the path that returns the probabilities as well.
//
// Probabilities are an output, [batch, head, query, key], and the weighted sum reads them there. A
// task is scores_query_tile queries of one head: all their scores at once (queries x keys floats of
// scratch), one maximum, one sum, no rescaling.
#include "halide/pipeline.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

void PathPipeline::add_with_scores(const Attention& stage) {
  const Schedule& s = schedule();
  const int lanes = s.vector, width = s.vector * s.tile_vectors, tile = s.scores_query_tile;
  const Expr queries = extent(Kind::query), keys = extent(Kind::key);
  const int value_lanes = lanes_of(stage.value_size), padded = padded_value_size(stage);
  const int output = output_of(stage.scores);
  internal_check(output >= 0, "probabilities are stored only where they are returned");

  // ---- algorithm
  Var x("x"), q("q"), qt("qt"), h("h"), b("b"), i("i"), lane("lane"), k("k"), t("t");
  const Expr query = min(qt * tile + q, queries - 1);
  Func dot("dot"), score("score");
  RDom d(0, stage.key_size, "d");
  dot(i, q, qt, h, b) = 0.0f;
  dot(i, q, qt, h, b) +=
      key_element(stage, h, d, i / lanes, i % lanes, b) * query_element(stage, h, d, query, b);
  std::vector<MaskTile> mask_tiles;
  const Expr keep = visible(stage, site(b, h, query, i), {i, q, qt, h, b}, mask_tiles);
  const Expr scaled = stage.scale == 1 ? dot(i, q, qt, h, b) : dot(i, q, qt, h, b) * stage.scale;
  score(i, q, qt, h, b) = select(keep, scaled, masked_score);

  RDom v(0, (keys + (lanes - 1)) / lanes, "v"), l(0, lanes, "l"), all(0, keys, "all");
  Func lane_maximum("lane_maximum"), maximum("maximum"), p("p"), lane_sum("lane_sum"), sum("sum");
  lane_maximum(lane, q, qt, h, b) = masked_score;
  lane_maximum(lane, q, qt, h, b) =
      max(lane_maximum(lane, q, qt, h, b), score(v * lanes + lane, q, qt, h, b));
  maximum(q, qt, h, b) = masked_score;
  maximum(q, qt, h, b) = max(maximum(q, qt, h, b), lane_maximum(l, q, qt, h, b));
  p(i, q, qt, h, b) = exp2_of_nonpositive(score(i, q, qt, h, b) - maximum(q, qt, h, b));
  lane_sum(lane, q, qt, h, b) = 0.0f;
  lane_sum(lane, q, qt, h, b) += p(v * lanes + lane, q, qt, h, b);
  sum(q, qt, h, b) = 0.0f;
  sum(q, qt, h, b) += lane_sum(l, q, qt, h, b);
  Func scores(
      plan_.outputs.at(static_cast<size_t>(path_.outputs[static_cast<size_t>(output)])).name);
  {
    const Expr row = t % tile, row_tile = t / tile;
    const Expr otherwise =
        stage.rule == attn::FullyMasked::uniform ? 1.0f / max(cast<float>(keys), 1.0f) : Expr(0.0f);
    const Expr total = sum(row, row_tile, h, b);
    scores(k, t, h, b) =
        select(maximum(row, row_tile, h, b) > no_key_seen, p(k, row, row_tile, h, b) / total,
               strict_float(otherwise + strict_float(total * 0.0f)));
  }
  Func weighted("weighted");
  weighted(x, q, qt, h, b) = 0.0f;
  weighted(x, q, qt, h, b) += scores(all, query, h, b) * value_element(stage, h, x, all, b);
  made(stage.scores).func = scores;
  outputs_[static_cast<size_t>(output)] = scores;

  // ---- schedule
  Var to("to"), ti("ti"), task("task"), io("io"), ii("ii"), qo("qo"), qi("qi");
  const int rows = s.tile_rows;
  scores.compute_root()
      .bound(k, 0, keys)
      .bound(t, 0, queries)
      .bound(h, 0, stage.heads)
      .bound(b, 0, extent(Kind::batch))
      .split(t, to, ti, tile, TailStrategy::GuardWithIf)
      .reorder(k, ti, to, h, b)
      .fuse(to, h, task)
      .fuse(task, b, task)
      .parallel(task)
      .vectorize(k, lanes, TailStrategy::GuardWithIf);
  score.compute_at(scores, task)
      .bound_storage(q, tile + rows)
      .tile(i, q, io, qo, ii, qi, width, rows, TailStrategy::RoundUp)
      .reorder(ii, qi, qo, io)
      .vectorize(ii, lanes)
      .unroll(ii)
      .unroll(qi);
  dot.compute_at(score, qo).vectorize(i, lanes).unroll(i).unroll(q);
  dot.update().reorder(i, q, d).vectorize(i, lanes).unroll(i).unroll(q);
  for (const MaskTile& mask : mask_tiles) {
    Func bytes = mask.bytes;
    bytes.compute_at(scores, task);
    schedule_mask_tile(mask, i);
  }
  lane_maximum.compute_at(maximum, q).vectorize(lane, lanes);
  lane_maximum.update().reorder(lane, v).vectorize(lane, lanes);
  maximum.compute_at(scores, task);
  maximum.update().reorder(l, q).atomic().vectorize(l, lanes);
  p.compute_at(scores, task).vectorize(i, lanes, TailStrategy::RoundUp);
  lane_sum.compute_at(sum, q).vectorize(lane, lanes);
  lane_sum.update().reorder(lane, v).vectorize(lane, lanes);
  sum.compute_at(scores, task);
  sum.update().reorder(l, q).atomic().vectorize(l, lanes);
  Func weighted_tile = weighted.in();
  const LoopLevel weighted_task = make_result(stage, weighted_tile, tile);
  Var xo("xo"), xi("xi");
  weighted_tile.compute_at(weighted_task)
      .bound_extent(x, padded)
      .tile(x, q, xo, qo, xi, qi, value_lanes * vectors_of(padded), rows, TailStrategy::RoundUp)
      .reorder(xi, qi, qo, xo)
      .vectorize(xi, value_lanes)
      .unroll(xi)
      .unroll(qi);
  weighted.compute_at(weighted_tile, qo).vectorize(x, value_lanes).unroll(x).unroll(q);
  weighted.update().reorder(x, q, all).vectorize(x, value_lanes).unroll(x).unroll(q);
}

}  // namespace attnc
