// attention_few.cpp - a few queries against keys and values that are read where they lie.
//
// A task is few_keys keys of one key head and up to query_tile rows; a row is one query of one of
// the query heads that read the key head. All scores of a task are computed at once, with one
// maximum and no rescaling (attention_block.cpp). A second loop merges the tasks
// (attention_merge.cpp). Keys are transposed into panels a register tile at a time, in L1, so each
// is read from memory once, in place: packing them first, as for many queries, would write and read
// as much again.
//
// Cost: 4 * rows * keys * head size operations; keys and values are read once for every query_tile
// rows, 4 * keys * (key size + value size) bytes per key head. Transposing takes 1.7 ns a vector of
// 16 numbers on Zen 4 at 3.7 GHz, where reading one from memory takes 2.5 ns.
// Measured there on one thread, 32 heads on 8 of 128 and 2048 keys: 2 queries take 1.1 ms, where one
// takes 0.63 and packing first took 3.3; 16 queries reach 0.69 of the multiply-add limit. With a key
// head for each query head and 2 to 4 queries, transposing costs more than the products.
#include "halide/attention_block.h"
#include "halide/attention_merge.h"
#include "halide/families.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

void make_few(Context& context, const Attention& stage) {
  const Schedule& s = context.schedule();
  const int group = stage.heads / stage.key_heads, D = stage.key_size, V = stage.value_size;
  const int lanes = s.vector, chunk = s.few_keys, tile = s.query_tile;
  const Expr keys = context.extent(Kind::key), queries = context.extent(Kind::query),
             all_rows = queries * group;

  // ---- algorithm
  Var x("x"), q("q"), longer("longer"), c("c"), qt("qt"), h("h"), b("b");
  const BlockVars vars{x, q, longer, c, qt, h, b};
  const auto [first, end] = visible_keys(context, stage, Expr(), b, 0, queries - 1);
  Walk walk;
  walk.most = chunk;
  walk.panel = [=, first = first](const Expr&, const Expr& at) {
    return first / lanes + at * (chunk / lanes);
  };
  walk.count = [=, &context, &stage, first = first, end = end](const Expr&, const Expr& at) {
    const Expr from = first + at * chunk;
    return select(is_seen(context, stage, b, queries - 1, from, chunk), end - from, 0);
  };

  Var d("d"), r("r"), lane("lane"), panel("panel"), key("key");
  Func query_rows("query_rows"), key_rows("key_rows"), packed("packed"), value_rows("value_rows");
  query_rows(d, r, h, b) = query_element(context, stage, h * group + r % group, d, r / group, b);
  key_rows(d, key, h, b) = context.element(stage.key, {d, h, clamp(key, 0, keys - 1), b});
  packed(lane, d, panel, h, b) = key_rows(d, panel * lanes + lane, h, b);
  const int value_lanes = s.lanes_of(V), columns = stage.value_size_padded;
  const bool in_place = reads_values_in_place(context, values_of(stage));
  value_rows(x, key, h, b) =
      select(x < V, context.element(stage.value, {min(x, V - 1), h, clamp(key, 0, keys - 1), b}),
             context.number(0));
  const Expr row = min(qt * tile + q, all_rows - 1);
  const BlockRows rows{
      h * group + row % group, row / group,
      [&](const Expr& at) { return query_rows(at, row, h, b); },
      [&](const Expr& at, const Expr& of, const Expr& i) { return packed(i, at, of, h, b); },
      [&](const Expr& at, const Expr& position) {
        return in_place ? context.element(stage.value, {at, h, position, b})
                        : value_rows(at, position, h, b);
      }};
  BlockFuncs f = block_of(context, stage, walk, vars, rows);
  LaneFold sum;
  if (!stage.sigmoid) sum = fold_lanes("sum", f.lane_sum, lanes, Fold::sum);

  // The columns of the values, then maximum and sum. They are gathered in a task's own memory, so
  // that one loop stores them.
  Func partial("partial"), of_tiles("partials"), partials("partial_rows");
  RDom column(0, V, "column");
  partial(x, q, c, qt, h, b) = stage.sigmoid ? context.number(0)
                                             : select(x == V, f.maximum.whole(q, 0, c, qt, h, b),
                                                      x == V + 1, sum.whole(q, 0, c, qt, h, b), 0);
  partial(column, q, c, qt, h, b) = f.weighted(column, q, 0, c, qt, h, b);
  RDom exists(0, tile, "exists");  // the tile's rows that exist: a short tile does no more work
  exists.where(exists < all_rows - qt * tile);
  of_tiles(x, q, qt, h, c, b) = undef(context.real());
  of_tiles(x, exists, qt, h, c, b) = partial(x, exists, c, qt, h, b);
  partials(x, r, h, c, b) = of_tiles(x, r % tile, r / tile, h, c, b);
  RDom tasks(0, (keys + (chunk - 1)) / chunk, "tasks");
  if (!stage.keys.empty()) tasks.where(tasks * chunk < end - first);
  merge_partials(context, stage, partials, queries, tasks, dividing(V, s.vector));

  // ---- schedule
  Var task("task"), di("di"), od("od");
  query_rows.compute_root()
      .bound(d, 0, D)
      .bound(r, 0, all_rows)
      .bound(h, 0, stage.key_heads)
      .vectorize(d, dividing(D, s.vector));
  of_tiles.compute_root()
      .bound(x, 0, (V + 2 + lanes - 1) / lanes * lanes)
      .bound(q, 0, tile)
      .bound(qt, 0, (all_rows + (tile - 1)) / tile)
      .bound(h, 0, stage.key_heads)
      .bound(b, 0, context.extent(Kind::batch))
      .update()
      .reorder(x, exists, qt, h, c, b)
      .fuse(qt, h, task)
      .fuse(task, c, task)
      .fuse(task, b, task)
      .never_partition_all()
      .parallel(task)
      .vectorize(x, lanes);
  const LoopLevel at(of_tiles, task);
  partial.compute_at(at).vectorize(x, lanes);
  partial.update().vectorize(column, value_lanes, TailStrategy::GuardWithIf);
  // Few rows: a tile of many would compute most of them for nothing.
  schedule_block(context, stage, f, walk, vars, {lanes, s.tile_vectors, s.tile_rows}, at);
  if (!stage.sigmoid) {
    sum.whole.compute_at(at).bound_storage(q, tile + s.tile_rows);
    sum.compute_within_rows(q);
  }
  const int turned = dividing(D, 4);
  packed.compute_at(f.score, Var(f.i.name() + "o"))
      .bound(d, 0, D)
      .split(d, od, di, turned)
      .reorder(lane, di, od, panel)
      .vectorize(lane, lanes)
      .vectorize(di);
  key_rows.compute_at(packed, od).vectorize(d, turned).unroll(key);
  if (!in_place) value_rows.compute_at(at).bound_extent(x, columns).vectorize(x, value_lanes);
}

}  // namespace attnc
