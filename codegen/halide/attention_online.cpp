// attention_online.cpp - softmax(q . k) V without storing the scores of a row (online softmax:
// Milakov and Gimelshein 2018; tiles as in FlashAttention-2, Dao 2023).
//
// A task is query_tile queries of one head. It walks runs of the keys that it can see
// (attention_walk.cpp), each with a maximum of its own (attention_block.cpp), and merges them in
// one Tuple-valued Func (accumulator, maximum, sum). Memory does not grow with queries x keys. Runs
// are long, because each one rescales the accumulator.
//
// Cost: 4 * pairs * head size operations. Besides its 2 * head size multiply-adds, a vector of
// scores takes about 20 instructions (maximum, exponential, sum), and those of the mask where it is
// tested.
#include "halide/attention_block.h"
#include "halide/families.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

void make_online(Context& context, const Attention& stage) {
  const Values values = values_of(stage);
  pack_keys(context, stage);
  pack_values(context, values);
  const Schedule& s = context.schedule();
  const int tile = s.query_tile, value_lanes = s.lanes_of(stage.value_size),
            columns = stage.value_size_padded;
  const Expr keys = context.extent(Kind::key), queries = context.extent(Kind::query);
  const Expr zero = context.number(0);

  // ---- algorithm
  Var x("x"), q("q"), longer("longer"), of("of"), qt("qt"), h("h"), b("b");
  const BlockVars vars{x, q, longer, of, qt, h, b};
  const auto [walks, kinds] = walks_of(context, stage, columns, qt, h, b);
  std::vector<BlockFuncs> blocks;
  blocks.reserve(walks.size());
  const Expr query = min(qt * tile + q, queries - 1);
  QueryTile query_tile(context, stage, {q, qt, h, b}, [&](const Expr& d) {
    return query_element(context, stage, h, d, query, b);
  });
  const BlockRows rows{h, query, [&](const Expr& d) { return query_tile(d); },
                       [&](const Expr& d, const Expr& panel, const Expr& lane) {
                         return key_element(context, stage, h, d, panel, lane, b);
                       },
                       [&](const Expr& at, const Expr& position) {
                         return value_element(context, values, h, at, position, b);
                       }};
  for (const Walk& w : walks) blocks.push_back(block_of(context, stage, w, vars, rows));

  // Accumulator, maximum, sum; for sigmoids only the accumulator. Every column holds the row's
  // maximum. Sums are those of lanes: the vector of columns at the row's end holds all of them, and
  // so does each vector before it.
  Func state("state");
  if (stage.sigmoid) {
    state(x, q, qt, h, b) = zero;
  } else {
    const auto [maximum, sum] = sink_of(context, stage, context.site(b, h, query, 0));
    state(x, q, qt, h, b) = Tuple(zero, maximum, select(x % value_lanes == 0, sum, zero));
  }
  const int last = columns - value_lanes;
  for (size_t i = 0; i < walks.size(); ++i) {
    const RDom& run = walks[i].runs;
    const BlockFuncs& f = blocks[i];
    if (stage.sigmoid) {
      state(run.x, q, qt, h, b) += f.weighted(run.x, q, run.y, run.z, qt, h, b);
      continue;
    }
    // Maximum and sums are read in the last vector, which is updated last, so that their exponential
    // is computed once for a row.
    const Expr lane = run.x % value_lanes;
    const FuncRef old = state(run.x, q, qt, h, b);
    const Expr before = state(columns - 1, q, qt, h, b)[1],
               own = f.maximum.whole(q, run.y, run.z, qt, h, b);
    const Expr now = max(before, own);
    // Whichever holds the new maximum keeps weight 1, so one exponential serves both.
    const Expr less = exp_of_nonpositive(-abs(own - before)), rises = own > before;
    Expr sum = f.lane_sum(lane, q, run.y, run.z, qt, h, b);
    for (int l = value_lanes; l < s.vector; l += value_lanes)
      sum = strict_float(sum + f.lane_sum(lane + l, q, run.y, run.z, qt, h, b));
    const Expr keep_old = select(rises, less, context.number(1)),
               take = select(rises, context.number(1), less);
    state(run.x, q, qt, h, b) =
        Tuple(old[0] * keep_old + f.weighted(run.x, q, run.y, run.z, qt, h, b) * take, now,
              state(last + lane, q, qt, h, b)[2] * keep_old + sum * take);
  }

  // Rows without a visible key: zero, or the mean of all values, also those that the mask hides.
  Func mean("mean"), normal("normal");
  Var n("n");
  const bool uniform = is_uniform(stage);
  Expr otherwise = zero;
  RDom all(0, keys, "all");
  if (uniform) {
    mean(n, b) = zero;
    mean(n, b) += value_element(context, values, n / columns * (stage.heads / stage.key_heads),
                                n % columns, all, b);
    // Where there are no keys this is an empty sum over 1. The maximum is taken in floating point,
    // because Halide assumes that buffers are not empty and would simplify max(keys, 1) to keys.
    otherwise = mean(h / (stage.heads / stage.key_heads) * columns + x, b) /
                max(cast(context.real(), keys), context.number(1));
  }
  LaneFold total;
  if (stage.sigmoid) {
    normal(x, q, qt, h, b) = state(x, q, qt, h, b);
  } else {
    Var lane("lane");
    Func lane_total("lane_total");
    lane_total(lane, q, qt, h, b) = state(last + lane, q, qt, h, b)[2];
    total = fold_lanes("total", lane_total, value_lanes, Fold::sum);
    const Expr sum = total.whole(q, qt, h, b);
    // Divided by the sum once a row: a vector of quotients takes 10 to 16 cycles, one of products 1.
    // A NaN sum means a NaN among the scores of unmasked keys, which max may have dropped; the row
    // becomes NaN.
    normal(x, q, qt, h, b) =
        select(state(columns - 1, q, qt, h, b)[1] > no_key_seen(context.real()),
               state(x, q, qt, h, b)[0] * (context.number(1) / sum),
               strict_float(otherwise + strict_float(sum * zero)));
  }

  // ---- schedule
  const LoopLevel task = make_result(context, values, normal, tile);
  // Not inline: its rows, and so those of all that it needs, are those of the tile that exist.
  normal.compute_at(task).bound_extent(qt, 1).bound(x, 0, columns).vectorize(x, value_lanes);
  if (!stage.sigmoid) {
    total.whole.compute_at(normal, q);
    total.compute_within_rows(q);
  }
  state.compute_at(task)
      .bound_extent(qt, 1)
      .bound_storage(q, tile + s.tile_rows)
      .vectorize(x, value_lanes);
  for (size_t i = 0; i < walks.size(); ++i) {
    const Walk& w = walks[i];
    RVar vector("vector"), in_vector("in_vector");
    state.update(static_cast<int>(i))
        .allow_race_conditions()
        .split(w.runs.x, vector, in_vector, value_lanes)
        .reorder(in_vector, vector, q, w.runs.y, w.runs.z)
        .never_partition_all()
        .vectorize(in_vector)
        .unroll(vector);
    schedule_block(context, stage, blocks[i], w, vars, score_tile(s, stage),
                   LoopLevel(state, w.runs.y));
    if (!stage.sigmoid) blocks[i].lane_sum.compute_at(state, q);
  }
  query_tile.compute_at(task);
  for (Func f : kinds) f.compute_at(task).bound_extent(qt, 1);
  if (uniform) {
    mean.compute_root()
        .bound(n, 0, stage.key_heads * columns)
        .parallel(b)
        .vectorize(n, value_lanes);
    mean.update().reorder(n, all, b).parallel(b).vectorize(n, value_lanes);
  }
}

}  // namespace attnc
