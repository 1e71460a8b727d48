// attention_decode.cpp - one query against many keys, which are read in place and split into tasks
// (FlashDecoding, Dao et al. 2023).
//
// A task is decode_keys keys of one or more key heads: all their scores for the group of query heads
// that reads a key head, one maximum, no rescaling. It stores its partial sums of values together
// with the maximum and the sum of weights; a second loop merges the tasks. The keys of a task do not
// depend on the number of threads, so neither do the bits of the result.
//
// Memory-bound: keys and values are read once, 4 * keys * (key size + value size) bytes per head.
// What matters is reading in address order: one key after the other over its whole size, whole rows
// of values, and few keys per block, so that the second pass over a block (for further rows of the
// group) finds it in L1. So products are stored in scratch, decode_product_keys at a time: LLVM reads
// keys whose products are unrolled together column by column. On Zen 4, one thread, avx512, 32 heads
// on 8 of 128, four together took 2.5 ms for 4096 keys in memory where one takes 1.5 (22 GB/s of 25
// to 30), and 5 % less in cache, where queries are loaded less often. Prefetching, copying to scratch
// first, and tasks of 128 keys or fewer were slower. Where the heads of a position lie side by side,
// as in caches, a task goes from head to head every few keys: 4096 keys take 2.4 ms, and took 3.4 head
// by head.
#include <algorithm>
#include <bit>

#include "halide/attention_merge.h"
#include "halide/attention_operands.h"
#include "halide/attention_scores.h"
#include "halide/attention_walk.h"
#include "halide/families.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

namespace {

/// The key heads of a task: one, or where the heads of a position lie side by side as many as still
/// give 16 tasks. There the next key of a head is heads * size numbers away, which no processor
/// prefetches.
Expr heads_of_task(const Context& context, const Attention& stage, int task_keys) {
  const Expr of_keys = (context.extent(Kind::key) + (task_keys - 1)) / task_keys,
             most = clamp(of_keys * context.extent(Kind::batch) * stage.key_heads / 16, 1,
                          stage.key_heads);
  const ImageParam& image = context.made(context.source_of(stage.key)).image;
  if (!image.defined()) return most;
  return select(image.dim(1).stride() < image.dim(2).stride(), most, 1);
}

}  // namespace

void make_decode(Context& context, const Attention& stage) {
  const Schedule& s = context.schedule();
  const int group = stage.heads / stage.key_heads, chunk = s.decode_keys;
  const int lanes = dividing(stage.key_size, s.vector),
            value_lanes = dividing(stage.value_size, s.vector);
  const int D = stage.key_size, V = stage.value_size;
  const bool bounded = !stage.keys.empty();
  const Expr keys = context.extent(Kind::key), zero = context.number(0),
             masked = masked_score(context.real());

  // ---- algorithm
  Var x("x"), g("g"), i("i"), c("c"), h("h"), b("b"), lane("lane"), block("block"), task("task");
  const auto [first, end] = visible_keys(context, stage, Expr(), b, 0, 0);
  const Expr key = first + c * chunk + i;
  Func scaled_query("scaled_query"), product("product"), products("products"), dot("dot"),
      score("score");
  scaled_query(x, g, h, b) = query_element(context, stage, h * group + g, x, 0, b);
  RDom dv(0, D / lanes, "dv"), dl(0, lanes, "dl");
  // Reading keys is what costs, so none are read past the end of a sequence, nor for tasks that the
  // query cannot see.
  const Expr live =
      is_seen(context, stage, b, 0, first + c * chunk, chunk) && first + c * chunk < end;
  if (bounded || !stage.blocks.empty()) dv.where(live);
  product(lane, g, i, c, h, b) = zero;
  product(lane, g, i, c, h, b) +=
      context.element(stage.key, {dv * lanes + lane, h, clamp(key, 0, keys - 1), b}) *
      scaled_query(dv * lanes + lane, g, h, b);
  dot(g, i, c, h, b) = zero;
  products(lane, g, i, c, h, b) = product(lane, g, i, c, h, b);
  dot(g, i, c, h, b) += products(dl, g, i, c, h, b);
  std::vector<MaskTile> mask_tiles;
  score(g, i, c, h, b) =
      score_of(context, stage, dot(g, i, c, h, b), key < keys && key < end,
               context.site(b, h * group + g, 0, key), {i, g, c, h, b}, mask_tiles);

  // Scores are stored [key][row], so that a probability is one broadcast; the scores of `fold` keys
  // fill one vector.
  const int fold =
      std::max(1, static_cast<int>(std::bit_floor(static_cast<unsigned>(s.vector / group))));
  RDom kf(0, chunk / fold, "kf"), f(0, fold, "f");
  Var slot("slot");
  Func slot_maximum("slot_maximum"), maximum("maximum"), p("p"), slot_sum("slot_sum"), sum("sum");
  slot_maximum(g, slot, c, h, b) = masked;
  slot_maximum(g, slot, c, h, b) =
      max(slot_maximum(g, slot, c, h, b), score(g, kf * fold + slot, c, h, b));
  maximum(g, c, h, b) = masked;
  maximum(g, c, h, b) = max(maximum(g, c, h, b), slot_maximum(g, f, c, h, b));
  // Sigmoids need neither maximum nor sum: tasks are added without rescaling.
  p(g, i, c, h, b) = stage.sigmoid ? sigmoid_of(score(g, i, c, h, b))
                                   : exp_of_nonpositive(score(g, i, c, h, b) - maximum(g, c, h, b));
  slot_sum(g, slot, c, h, b) = zero;
  slot_sum(g, slot, c, h, b) += p(g, kf * fold + slot, c, h, b);
  sum(g, c, h, b) = zero;
  sum(g, c, h, b) += slot_sum(g, f, c, h, b);

  // Values are summed in blocks whose sums stay in registers. Maximum and sum follow them as
  // elements V and V + 1.
  const int block_keys = s.decode_block_keys;
  RDom k(0, block_keys, "k"), add(0, V, 0, chunk / block_keys, "add");
  k.where(live && first + c * chunk + block * block_keys + k < end);
  add.where(live && first + c * chunk + add.y * block_keys < end);
  Func of_block("of_block"), partial("partial"), partials("partials");
  of_block(x, g, block, c, h, b) = zero;
  of_block(x, g, block, c, h, b) +=
      p(g, block * block_keys + k, c, h, b) *
      context.element(stage.value, {x, h, first + c * chunk + block * block_keys + k, b});
  partial(x, g, c, h, b) =
      stage.sigmoid ? zero : select(x == V, maximum(g, c, h, b), x == V + 1, sum(g, c, h, b), zero);
  partial(add.x, g, c, h, b) += of_block(add.x, g, add.y, c, h, b);
  partials(x, g, h, c, b) = partial(x, g, c, h, b);

  RDom tasks(0, (keys + (chunk - 1)) / chunk, "tasks");
  if (bounded) tasks.where(tasks * chunk < end - first);
  merge_partials(context, stage, partials, 1, tasks, value_lanes);

  // ---- schedule
  Var go("go"), gi("gi"), io("io"), ii("ii"), ho("ho"), hi("hi");
  const Expr heads = heads_of_task(context, stage, chunk);
  const int rows = largest_divisor(group, s.decode_rows);
  const int tile_keys =
      std::max(1, static_cast<int>(std::bit_floor(static_cast<unsigned>(s.vector / rows))));
  scaled_query.compute_root().bound(x, 0, D).bound(g, 0, group).vectorize(x, lanes);
  partials.compute_root()
      .bound(x, 0, (V + 2 + value_lanes - 1) / value_lanes * value_lanes)
      .bound(g, 0, group)
      .bound(h, 0, stage.key_heads)
      .bound(b, 0, context.extent(Kind::batch))
      .split(h, ho, hi, heads, TailStrategy::GuardWithIf)
      .reorder(x, g, hi, c, ho, b)
      .fuse(c, ho, task)
      .fuse(task, b, task)
      .parallel(task)
      .vectorize(x, value_lanes);
  score.compute_at(partials, task)
      .bound_extent(i, chunk)
      .bound_extent(g, group)
      .bound_storage(h, stage.key_heads)
      .tile(g, i, go, io, gi, ii, rows, tile_keys)
      .reorder(gi, ii, go, h, io)
      .vectorize(gi)
      .vectorize(ii);
  products.compute_at(score, go)
      .split(i, io, ii, dividing(tile_keys, s.decode_product_keys))
      .reorder(lane, g, ii, io)
      .vectorize(lane, lanes)
      .unroll(g)
      .unroll(ii);
  product.compute_at(products, io).vectorize(lane, lanes).unroll(g).unroll(i);
  product.update().reorder(lane, g, i, dv).vectorize(lane, lanes).unroll(g).unroll(i).unroll(dv);
  dot.compute_at(score, go)
      .bound_extent(g, rows)
      .bound_extent(i, tile_keys)
      .vectorize(g)
      .vectorize(i);
  dot.update().reorder(dl, g, i).atomic().vectorize(dl).vectorize(g).vectorize(i);
  for (const MaskTile& mask : mask_tiles) {
    Func numbers = mask.numbers;
    numbers.compute_at(partials, task);
    schedule_mask_tile(context, mask, i);
  }
  // Reductions over a task's keys: first within slots, then across slots.
  const auto schedule_fold = [&](Func by_slot, Func folded) {
    by_slot.compute_at(partials, task)
        .bound_extent(g, group)
        .bound_storage(h, stage.key_heads)
        .bound_extent(slot, fold)
        .vectorize(g)
        .vectorize(slot);
    by_slot.update()
        .reorder(g, slot, kf)
        .vectorize(g)
        .vectorize(slot)
        .unroll(kf, dividing(chunk / fold, s.decode_fold_unroll));
    folded.compute_at(partials, task)
        .bound_extent(g, group)
        .bound_storage(h, stage.key_heads)
        .vectorize(g)
        .update()
        .reorder(g, f)
        .vectorize(g);
  };
  if (!stage.sigmoid) schedule_fold(slot_maximum, maximum);
  Var po("po"), pi("pi");
  p.compute_at(partials, task)
      .bound_extent(i, chunk)
      .bound_extent(g, group)
      .bound_storage(h, stage.key_heads)
      .split(i, po, pi, fold)
      .vectorize(g)
      .vectorize(pi)
      .unroll(po, dividing(chunk / fold, s.decode_exp_unroll));
  if (!stage.sigmoid) schedule_fold(slot_sum, sum);
  // Whole rows of values, of as many query heads as leave registers for the values themselves.
  const int accumulators = s.tile_rows * s.tile_vectors * 3 / 2,
            vectors = largest_divisor(V / value_lanes, accumulators),
            value_rows = largest_divisor(rows, accumulators / vectors);
  RVar xo("xo"), xi("xi");
  partial.compute_at(partials, task)
      .bound_extent(g, group)
      .bound_storage(h, stage.key_heads)
      .vectorize(x, value_lanes);
  partial.update()
      .tile(add.x, g, xo, go, xi, gi, vectors * value_lanes, value_rows)
      .reorder(xi, gi, xo, go, h, add.y)
      .vectorize(xi, value_lanes)
      .unroll(xi)
      .unroll(gi);
  of_block.compute_at(partial, xo).vectorize(x, value_lanes).unroll(x).unroll(g);
  of_block.update().reorder(x, g, k).vectorize(x, value_lanes).unroll(x).unroll(g);
}

}  // namespace attnc
