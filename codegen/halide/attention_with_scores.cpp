// attention_with_scores.cpp - the path that returns the probabilities as well.
//
// Probabilities are an output, [batch, head, query, key], and the weighted sum reads them there. A task
// is scores_query_tile queries of one head: all their scores at once (queries x keys floats of
// scratch), one maximum, one sum, no rescaling.
#include "halide/pipeline.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

void PathPipeline::add_with_scores(const Attention& stage) {
  const Schedule& s = schedule();
  const int lanes = s.vector, width = s.vector * s.tile_vectors, tile = s.scores_query_tile;
  const Expr queries = extent(Kind::query), keys = extent(Kind::key);
  const int value_lanes = lanes_of(stage.value_size);
  const int output = output_of(stage.scores);
  internal_check(output >= 0, "probabilities are stored only where they are returned");

  // ---- algorithm
  Var x("x"), q("q"), qt("qt"), h("h"), b("b"), i("i"), lane("lane"), k("k"), t("t");
  const Expr query = min(qt * tile + q, queries - 1);
  Func dot("dot"), score("score");
  RDom d(0, stage.key_size, "d");
  dot(i, q, qt, h, b) = 0.0f;
  dot(i, q, qt, h, b) += key_element(stage, h, d, i / lanes, i % lanes, b) *
                         query_element(stage, h, d, query, b);
  Expr keep = i < keys;
  std::vector<MaskTile> mask_tiles;
  if (!stage.mask.empty()) {
    Site at = site(b, h, query, i);
    at.own = [&](int input) -> Expr {
      if (auto flag = flags_.find(input); flag != flags_.end()) return flag->second != 0;
      const ImageParam& image = masks_.at(input);
      Func bytes(image.name() + "_tile");
      bytes(i, q, qt, h, b) =
          select(i < keys, likely(image(clamp(i, 0, keys - 1), query, h, b)), cast<uint8_t>(0));
      mask_tiles.push_back({bytes, image});
      return bytes(i, q, qt, h, b) != 0;
    };
    keep = keep && evaluate(stage.mask, at).at(0);
  }
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
  Func scores(plan_.outputs.at(static_cast<size_t>(path_.outputs[static_cast<size_t>(output)])).name);
  {
    const Expr row = t % tile, row_tile = t / tile;
    const Expr otherwise = stage.rule == attn::FullyMasked::uniform
                               ? 1.0f / max(cast<float>(keys), 1.0f)
                               : Expr(0.0f);
    const Expr total = sum(row, row_tile, h, b);
    scores(k, t, h, b) = select(maximum(row, row_tile, h, b) > no_key_seen,
                                p(k, row, row_tile, h, b) / total,
                                strict_float(otherwise + strict_float(total * 0.0f)));
  }
  Func weighted("weighted"), result("attention_" + std::to_string(stage.result));
  Var n("n");
  RDom r(0, tile, "r");  // the tile's queries that exist
  r.where(r < queries - qt * tile);
  weighted(x, q, qt, h, b) = 0.0f;
  weighted(x, q, qt, h, b) += scores(all, query, h, b) * value_element(stage, h, x, all, b);
  result(n, q, qt, b) = undef<float>();
  result(n, r, qt, b) = weighted(n % stage.value_size_padded, r, qt, n / stage.value_size_padded, b);
  Func rows_of_result("rows_of_attention_" + std::to_string(stage.result));
  rows_of_result(n, t, b) = result(n, t % tile, t / tile, b);
  made(stage.result).func = rows_of_result;
  made(stage.scores).func = scores;
  outputs_[static_cast<size_t>(output)] = scores;

  // ---- schedule
  Var to("to"), ti("ti"), ho("ho"), hi("hi"), task("task"), io("io"), ii("ii"), qo("qo"), qi("qi");
  const int columns = stage.heads * stage.value_size_padded, rows = s.tile_rows;
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
  result.compute_root()
      .bound(n, 0, columns)
      .bound(q, 0, tile)
      .bound(qt, 0, (queries + (tile - 1)) / tile)
      .bound(b, 0, extent(Kind::batch))
      .update()
      .split(n, ho, hi, stage.value_size_padded)
      .reorder(hi, r, qt, ho, b)
      .never_partition_all()
      .fuse(qt, ho, task)
      .fuse(task, b, task)
      .parallel(task)
      .vectorize(hi, value_lanes);
  Func weighted_tile = weighted.in();
  Var xo("xo"), xi("xi");
  weighted_tile.compute_at(result, task)
      .bound_extent(x, stage.value_size_padded)
      .tile(x, q, xo, qo, xi, qi, value_lanes * vectors_of(stage.value_size_padded), rows,
            TailStrategy::RoundUp)
      .reorder(xi, qi, qo, xo)
      .vectorize(xi, value_lanes)
      .unroll(xi)
      .unroll(qi);
  weighted.compute_at(weighted_tile, qo).vectorize(x, value_lanes).unroll(x).unroll(q);
  weighted.update().reorder(x, q, all).vectorize(x, value_lanes).unroll(x).unroll(q);
}

}  // namespace attnc
