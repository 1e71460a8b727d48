// attention_online.cpp - softmax(q . k) V without storing the scores of a row (online softmax:
// Milakov and Gimelshein 2018; tiles as in FlashAttention-2, Dao 2023).
//
// A task is query_tile queries of one head. It walks runs of the keys that it can see
// (attention_walk.cpp), each with a maximum of its own (attention_block.cpp), and one Tuple-valued
// Func (accumulator, maximum, sum) merges them. Memory does not grow with queries x keys. Runs are
// long, since every one rescales the accumulator.
//
// Cost: 4 * pairs * head size operations; beside them about 25 instructions a vector of scores
// (mask, maximum, exponential, sum) against 2 * head size multiply-adds, 3 fewer where nothing is
// tested.
#include "halide/pipeline.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

void PathPipeline::add_online(const Attention& stage) {
  const Schedule& s = schedule();
  const int tile = s.query_tile, value_lanes = lanes_of(stage.value_size),
            columns = stage.value_size_padded;
  const Expr keys = extent(Kind::key), queries = extent(Kind::query);
  const Values values = values_of(stage);
  const Expr zero = number(0);

  // ---- algorithm
  Var x("x"), q("q"), longer("longer"), of("of"), qt("qt"), h("h"), b("b");
  const std::vector<Var> args{x, q, longer, of, qt, h, b};
  const std::vector<Walk> walks = walks_of(stage, qt, h, b);
  std::vector<BlockFuncs> blocks;
  blocks.reserve(walks.size());
  for (const Walk& w : walks) blocks.push_back(block_of(stage, w, args));

  Func state("state");  // accumulator, maximum, sum; of sigmoids the accumulator alone
  if (stage.sigmoid) {
    state(x, q, qt, h, b) = zero;
  } else {
    const auto [maximum, sum] = sink_of(stage, site(b, h, min(qt * tile + q, queries - 1), 0));
    state(x, q, qt, h, b) = Tuple(zero, maximum, sum);
  }
  for (size_t i = 0; i < walks.size(); ++i) {
    const RDom& run = walks[i].runs;
    const BlockFuncs& f = blocks[i];
    if (stage.sigmoid) {
      state(x, q, qt, h, b) += f.weighted(x, q, run.x, run.y, qt, h, b);
      continue;
    }
    const FuncRef old = state(x, q, qt, h, b);
    const Expr own = f.maximum(q, run.x, run.y, qt, h, b);
    const Expr now = max(old[1], own);
    // The one that is the maximum keeps its weight: one exponential for both.
    const Expr less = exp_of_nonpositive(-abs(own - old[1])), rises = own > old[1];
    const Expr keep_old = select(rises, less, number(1)), take = select(rises, number(1), less);
    state(x, q, qt, h, b) =
        Tuple(old[0] * keep_old + f.weighted(x, q, run.x, run.y, qt, h, b) * take, now,
              old[2] * keep_old + f.sum(q, run.x, run.y, qt, h, b) * take);
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
  normal(x, q, qt, h, b) = stage.sigmoid
                               ? Expr(row)
                               : select(row[1] > no_key_seen(real_), row[0] / row[2],
                                        strict_float(otherwise + strict_float(row[2] * zero)));

  // ---- schedule
  const LoopLevel task = make_result(values, normal, tile);
  normal.compute_at(task).bound_extent(qt, 1).bound(x, 0, columns).vectorize(x, value_lanes);
  state.compute_at(task)
      .bound_extent(qt, 1)
      .bound_storage(q, tile + s.tile_rows)
      .vectorize(x, value_lanes);
  for (size_t i = 0; i < walks.size(); ++i) {
    const Walk& w = walks[i];
    state.update(static_cast<int>(i))
        .reorder(x, q, w.runs.x, w.runs.y)
        .never_partition_all()
        .vectorize(x, value_lanes);
    schedule_block(stage, blocks[i], w, args, LoopLevel(state, w.runs.x));
  }
  for (Func f : walk_kinds_) f.compute_at(task).bound_extent(qt, 1);
  walk_kinds_.clear();
  if (uniform) {
    mean.compute_root()
        .bound(n, 0, stage.key_heads * columns)
        .parallel(b)
        .vectorize(n, value_lanes);
    mean.update().reorder(n, all, b).parallel(b).vectorize(n, value_lanes);
  }
}

}  // namespace attnc
