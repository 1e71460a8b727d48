// attention_block.cpp - one run of keys of one tile of queries: scores, their maximum, exponentials
// of scores less that maximum, their sum, and the weighted sum of values.
//
// The maximum is the run's own, so nothing here depends on the state into which runs are merged.
// Scores stay in L1 and L2 between the steps. Runs are cut to the keys that exist, so a long run
// costs nothing extra where there are few keys.
#include "halide/attention_block.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

BlockFuncs block_of(const Context& context, const Attention& stage, const Walk& walk,
                    const BlockVars& vars, const BlockRows& rows) {
  const auto& [x, q, longer, of, qt, h, b] = vars;
  const Schedule& s = context.schedule();
  const int lanes = s.vector, block = walk.most;
  const Expr keys = context.extent(Kind::key);
  const Expr zero = context.number(0), masked = masked_score(context.real());
  const std::string open = walk.open ? "open_" : "";
  Var i("i"), lane("lane");
  const Expr panel = walk.panel(longer, of), key = panel * lanes + i,
             count = walk.count(longer, of);

  BlockFuncs f{Func(open + "dot"),
               Func(open + "score"),
               {},
               Func(open + "p"),
               Func(open + "lane_sum"),
               Func(open + "weighted"),
               {},
               i,
               lane,
               {},
               {},
               {}};
  RDom d(0, stage.key_size, "d");
  f.dot(i, q, longer, of, qt, h, b) = zero;
  const Site at = context.site(b, rows.head, rows.query, key);
  f.dot(i, q, longer, of, qt, h, b) += product_of(
      context, stage, rows.query_number(d), rows.key_number(d, panel + i / lanes, i % lanes), at);
  f.score(i, q, longer, of, qt, h, b) =
      score_of(context, stage, f.dot(i, q, longer, of, qt, h, b), walk.open ? Expr() : key < keys,
               at, {i, q, longer, of, qt, h, b}, f.masks);

  // Reductions over the keys of the run that exist: within lanes, then across lanes.
  f.d = d;
  f.v = RDom(0, block / lanes, "v");
  f.k = RDom(0, block, "k");
  f.v.where(f.v * lanes < count);
  f.k.where(f.k < count);
  if (!stage.sigmoid) {
    Func by_lane(open + "lane_maximum");
    by_lane(lane, q, longer, of, qt, h, b) = masked;
    by_lane(lane, q, longer, of, qt, h, b) =
        max(by_lane(lane, q, longer, of, qt, h, b),
            f.score(f.v * lanes + lane, q, longer, of, qt, h, b));
    f.maximum = fold_lanes(open + "maximum", by_lane, lanes, Fold::maximum);
  }
  f.p(i, q, longer, of, qt, h, b) =
      stage.sigmoid ? sigmoid_of(f.score(i, q, longer, of, qt, h, b))
                    : exp_of_nonpositive(f.score(i, q, longer, of, qt, h, b) -
                                         f.maximum.whole(q, longer, of, qt, h, b));
  if (!stage.sigmoid) {
    f.lane_sum(lane, q, longer, of, qt, h, b) = zero;
    f.lane_sum(lane, q, longer, of, qt, h, b) += f.p(f.v * lanes + lane, q, longer, of, qt, h, b);
  }
  f.weighted(x, q, longer, of, qt, h, b) = zero;
  f.weighted(x, q, longer, of, qt, h, b) +=
      f.p(f.k, q, longer, of, qt, h, b) * rows.value_number(x, panel * lanes + f.k);
  return f;
}

void schedule_block(const Context& context, const Attention& stage, BlockFuncs& f, const Walk& walk,
                    const BlockVars& vars, const RegisterTile& scores, const LoopLevel& at) {
  const Var &x = vars.x, &q = vars.q, &i = f.i, &lane = f.lane;
  const Schedule& s = context.schedule();
  const int lanes = s.vector, block = walk.most, tile = s.query_tile, rows = scores.rows;
  // Register tiles do not have to divide a run. One vector of padding per row: at a power of two the
  // rows of a tile would share cache sets.
  const int width = scores.vectors * lanes, columns = (block + width - 1) / width * width + lanes;
  f.score.compute_at(at).bound_storage(i, columns).bound_storage(q, tile + rows);
  schedule_register_tile(f.score, f.dot, i, q, f.d, scores);
  for (const MaskTile& mask : f.masks) {
    Func numbers = mask.numbers;
    numbers.compute_at(at).bound_storage(i, columns).bound_storage(q, tile + rows);
    schedule_mask_tile(context, mask, i);
  }
  f.p.compute_at(at)
      .bound_storage(i, block + lanes)
      .bound_storage(q, tile + rows)
      .vectorize(i, lanes, TailStrategy::RoundUp);
  if (!stage.sigmoid) {
    f.maximum.whole.compute_at(at).bound_storage(q, tile + rows);
    f.maximum.compute_within_rows(q);
    f.maximum.by_lane.update().reorder(lane, f.v).vectorize(lane, lanes);
    f.lane_sum.vectorize(lane, lanes).update().reorder(lane, f.v).vectorize(lane, lanes);
  }
  Func weighted_tile = f.weighted.in();
  weighted_tile.compute_at(at)
      .bound_extent(x, stage.value_size_padded)
      .bound_storage(q, tile + rows);
  schedule_weighted_sum(context, values_of(stage), f.weighted, weighted_tile, x, q, f.k);
}

}  // namespace attnc
