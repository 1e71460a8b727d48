// attention_online.cpp - softmax(q . k) V without storing the scores of a row (online softmax:
// Milakov and Gimelshein 2018; tiles as in FlashAttention-2, Dao 2023).
//
// A task is query_tile queries of one head. It walks the keys it can see in blocks of key_block;
// the inner Funcs use a block's own maximum, and one Tuple-valued Func (accumulator, maximum, sum)
// merges blocks. Memory does not grow with queries x keys. Blocks are large (their scores stay in
// L2), since every block rescales the accumulator, and are cut to what exists, so a large block
// costs nothing where there are few keys.
//
// Cost: 4 * pairs * head size operations; beside them about 25 instructions a vector of scores
// (mask, maximum, exponential, sum) against 2 * head size multiply-adds.
#include "halide/pipeline.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

void PathPipeline::add_online(const Attention& stage) {
  const Schedule& s = schedule();
  // A pair function takes registers of its own: one vector of accumulators a row then.
  const int lanes = s.vector, width = s.vector * (stage.pair.empty() ? s.tile_vectors : 1);
  const int block = std::max(s.key_block / width, 1) * width, tile = s.query_tile;
  const Expr queries = extent(Kind::query), keys = extent(Kind::key);
  const int value_lanes = lanes_of(stage.value_size), columns = padded(stage.value_size);
  const Values values = values_of(stage);
  const Expr zero = number(0), masked = masked_score(real_);

  // ---- algorithm
  Var x("x"), q("q"), c("c"), qt("qt"), h("h"), b("b"), i("i"), lane("lane");
  // The keys that some query of the tile can see: [first, end), first at a panel's beginning.
  const auto [first, end] =
      visible_keys(stage, h, b, qt * tile, min(qt * tile + (tile - 1), queries - 1));
  const Expr key = first + c * block + i;
  const Expr query = min(qt * tile + q, queries - 1);

  Func dot("dot"), score("score");
  RDom d(0, stage.key_size, "d");
  dot(i, q, c, qt, h, b) = zero;
  const Site at = site(b, h, query, key);
  dot(i, q, c, qt, h, b) += product_of(
      stage, query_element(stage, h, d, query, b),
      key_element(stage, h, d, first / lanes + c * (block / lanes) + i / lanes, i % lanes, b), at);
  std::vector<MaskTile> mask_tiles;
  score(i, q, c, qt, h, b) = score_of(stage, dot(i, q, c, qt, h, b), key < keys, at,
                                      {i, q, c, qt, h, b}, mask_tiles);

  // Over the block's keys that exist; lanes first, then across lanes.
  const Expr count = end - first - c * block;
  RDom v(0, block / lanes, "v"), l(0, lanes, "l"), k(0, block, "k");
  v.where(v * lanes < count);
  k.where(k < count);
  Func lane_maximum("lane_maximum"), maximum("maximum"), p("p"), lane_sum("lane_sum"), sum("sum");
  lane_maximum(lane, q, c, qt, h, b) = masked;
  lane_maximum(lane, q, c, qt, h, b) =
      max(lane_maximum(lane, q, c, qt, h, b), score(v * lanes + lane, q, c, qt, h, b));
  maximum(q, c, qt, h, b) = masked;
  maximum(q, c, qt, h, b) = max(maximum(q, c, qt, h, b), lane_maximum(l, q, c, qt, h, b));
  p(i, q, c, qt, h, b) = exp2_of_nonpositive(score(i, q, c, qt, h, b) - maximum(q, c, qt, h, b));
  lane_sum(lane, q, c, qt, h, b) = zero;
  lane_sum(lane, q, c, qt, h, b) += p(v * lanes + lane, q, c, qt, h, b);
  sum(q, c, qt, h, b) = zero;
  sum(q, c, qt, h, b) += lane_sum(l, q, c, qt, h, b);
  Func weighted("weighted");
  weighted(x, q, c, qt, h, b) = zero;
  weighted(x, q, c, qt, h, b) +=
      p(k, q, c, qt, h, b) * value_element(values, h, x, first + c * block + k, b);

  Func state("state");  // accumulator, maximum, sum
  RDom blocks(0, (keys + (block - 1)) / block, "blocks");
  blocks.where(blocks * block < end - first);
  state(x, q, qt, h, b) = Tuple(zero, masked, zero);
  {
    const FuncRef old = state(x, q, qt, h, b);
    const Expr own = maximum(q, blocks, qt, h, b);
    const Expr now = max(old[1], own);
    const Expr keep_old = exp2_of_nonpositive(old[1] - now), take = exp2_of_nonpositive(own - now);
    state(x, q, qt, h, b) = Tuple(old[0] * keep_old + weighted(x, q, blocks, qt, h, b) * take, now,
                                  old[2] * keep_old + sum(q, blocks, qt, h, b) * take);
  }

  // Rows without a key: nothing, or the mean of all values (of those that the mask hides, too).
  Func mean("mean"), normal("normal");
  Var n("n");
  const bool uniform = is_uniform(stage);
  Expr otherwise = zero;
  RDom all(0, keys, "all");
  if (uniform) {
    mean(n, b) = zero;
    mean(n, b) +=
        value_element(values, n / columns * (stage.heads / stage.key_heads), n % columns, all, b);
    // Without keys a sum of nothing over 1. In floating point: Halide takes it that buffers are not
    // empty and would drop the maximum from max(keys, 1).
    otherwise = mean(h / (stage.heads / stage.key_heads) * columns + x, b) /
                max(cast(real_, keys), number(1));
  }
  const FuncRef row = state(x, q, qt, h, b);
  // A sum that is NaN stands for a NaN among the scores of unmasked keys, which max may have
  // dropped.
  normal(x, q, qt, h, b) = select(row[1] > no_key_seen(real_), row[0] / row[2],
                                  strict_float(otherwise + strict_float(row[2] * zero)));

  // ---- schedule
  Var io("io"), ii("ii"), qo("qo"), qi("qi"), xo("xo"), xi("xi");
  const int rows = s.tile_rows, value_vectors = vectors_of(columns);
  const LoopLevel task = make_result(values, normal, tile);
  normal.compute_at(task).bound_extent(qt, 1).bound(x, 0, columns).vectorize(x, value_lanes);
  state.compute_at(task)
      .bound_extent(qt, 1)
      .bound_storage(q, tile + rows)
      .vectorize(x, value_lanes);
  state.update().reorder(x, q, blocks).never_partition_all().vectorize(x, value_lanes);
  // One vector more a row than a power of two, or the rows of a tile fall on the same cache sets.
  score.compute_at(state, blocks)
      .bound_storage(i, block + lanes)
      .bound_storage(q, tile + rows)
      .tile(i, q, io, qo, ii, qi, width, rows, TailStrategy::RoundUp)
      .reorder(ii, qi, qo, io)
      .vectorize(ii, lanes)
      .unroll(ii)
      .unroll(qi);
  dot.compute_at(score, qo).vectorize(i, lanes).unroll(i).unroll(q);
  dot.update().reorder(i, q, d).vectorize(i, lanes).unroll(i).unroll(q);
  for (const MaskTile& mask : mask_tiles) {
    Func numbers = mask.numbers;
    numbers.compute_at(state, blocks).bound_storage(i, block + lanes).bound_storage(q, tile + rows);
    schedule_mask_tile(mask, i);
  }
  lane_maximum.compute_at(maximum, q).vectorize(lane, lanes);
  lane_maximum.update().reorder(lane, v).vectorize(lane, lanes);
  maximum.compute_at(state, blocks).bound_storage(q, tile + rows);
  maximum.update().reorder(l, q).atomic().vectorize(l, lanes);
  p.compute_at(state, blocks)
      .bound_storage(i, block + lanes)
      .bound_storage(q, tile + rows)
      .vectorize(i, lanes, TailStrategy::RoundUp);
  lane_sum.compute_at(sum, q).vectorize(lane, lanes);
  lane_sum.update().reorder(lane, v).vectorize(lane, lanes);
  sum.compute_at(state, blocks).bound_storage(q, tile + rows);
  sum.update().reorder(l, q).atomic().vectorize(l, lanes);
  Func weighted_tile = weighted.in();
  weighted_tile.compute_at(state, blocks)
      .bound_extent(x, columns)
      .bound_storage(q, tile + rows)
      .tile(x, q, xo, qo, xi, qi, value_lanes * value_vectors, rows, TailStrategy::RoundUp)
      .reorder(xi, qi, qo, xo)
      .vectorize(xi, value_lanes)
      .unroll(xi)
      .unroll(qi);
  weighted.compute_at(weighted_tile, qo).vectorize(x, value_lanes).unroll(x).unroll(q);
  weighted.update().reorder(x, q, k).vectorize(x, value_lanes).unroll(x).unroll(q);
  if (uniform) {
    mean.compute_root().bound(n, 0, stage.key_heads * columns).parallel(b).vectorize(n, value_lanes);
    mean.update().reorder(n, all, b).parallel(b).vectorize(n, value_lanes);
  }
}

}  // namespace attnc
