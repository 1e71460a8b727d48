// attention_operands.cpp - how attention reads its query, keys and values, and where its result
// goes.
//
// Operands come from projections (which write the layouts that attention reads) or as heads where
// the caller has them. Then keys are packed into transposed panels once a call, 2 * keys * size
// memory operations against 2 * queries * keys * size multiply-adds; values are read where they lie
// unless their size is no multiple of the vector's.
#include "halide/pipeline.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

namespace {

/// The key or value head that a query head reads.
Expr shared_head(const Expr& head, int heads, int key_heads) {
  return heads == key_heads ? head : head / (heads / key_heads);
}

}  // namespace

Expr PathPipeline::query_element(const Attention& stage, const Expr& head, const Expr& d,
                                 const Expr& position, const Expr& batch) const {
  if (value(stage.query).layout == Layout::heads)
    return element(stage.query, {d, head, position, batch});
  return made(stage.query).func(head * stage.key_size + d, batch * extent(Kind::query) + position);
}

Expr PathPipeline::key_element(const Attention& stage, const Expr& head, const Expr& d,
                               const Expr& panel, const Expr& lane, const Expr& batch) const {
  const Expr panels = (extent(Kind::key) + (schedule().vector - 1)) / schedule().vector;
  const Made& keys = made(stage.key);
  const Func& from = keys.packed_keys.defined() ? keys.packed_keys : keys.func;
  return from(lane, shared_head(head, stage.heads, stage.key_heads) * stage.key_size + d,
              clamp(panel, 0, panels - 1), batch);
}

Expr PathPipeline::value_element(const Values& stage, const Expr& head, const Expr& x,
                                 const Expr& position, const Expr& batch) const {
  const Made& values = made(stage.value);
  const Expr own = shared_head(head, stage.heads, stage.value_heads);
  const bool heads = value(stage.value).layout == Layout::heads;
  if (heads && !values.packed_values.defined())
    return element(stage.value, {x, own, position, batch});
  const Func& from = heads ? values.packed_values : values.func;
  return from(own * stage.value_size_padded + x, batch * extent(Kind::key) + position);
}

void PathPipeline::pack_keys(const Attention& stage) {
  if (made(stage.key).packed_keys.defined()) return;
  const int lanes = schedule().vector, size = stage.key_size;
  const Expr keys = extent(Kind::key);
  Var lane("lane"), n("n"), panel("panel"), b("b"), h("h"), d("d"), task("task");
  Func packed("packed_keys");
  // Keys past the end repeat the last one; attention masks them.
  packed(lane, n, panel, b) =
      element(stage.key, {n % size, n / size, clamp(panel * lanes + lane, 0, keys - 1), b});
  packed.compute_root()
      .bound(lane, 0, lanes)
      .bound(n, 0, stage.key_heads * size)
      .bound(panel, 0, (keys + (lanes - 1)) / lanes)
      .split(n, h, d, size)
      .reorder(lane, d, panel, h, b)
      .fuse(h, b, task)
      .parallel(task)
      .vectorize(lane, lanes);
  made(stage.key).packed_keys = packed;
}

void PathPipeline::pack_values(const Values& stage) {
  if (made(stage.value).packed_values.defined()) return;
  const int columns = stage.value_size_padded;
  // Read where they lie, but for rows that are no whole vectors or have to be converted.
  if (columns == stage.value_size && stored_ == real_) return;
  const int lanes = lanes_of(stage.value_size);
  const Expr keys = extent(Kind::key);
  Var n("n"), r("r"), h("h"), x("x"), ro("ro"), ri("ri"), task("task");
  Func packed("packed_values");
  const Expr inside = n % columns < stage.value_size;
  packed(n, r) = select(inside,
                        element(stage.value, {min(n % columns, stage.value_size - 1), n / columns,
                                              r % max(keys, 1), r / max(keys, 1)}),
                        number(0));
  packed.compute_root()
      .bound(n, 0, stage.value_heads * columns)
      .bound(r, 0, keys * extent(Kind::batch))
      .split(n, h, x, columns)
      .split(r, ro, ri, schedule().pack_rows, TailStrategy::GuardWithIf)
      .reorder(x, h, ri, ro)
      .parallel(ro)
      .vectorize(x, lanes);
  made(stage.value).packed_values = packed;
}

LoopLevel PathPipeline::make_result(const Values& stage, const Func& tile_of, int tile) {
  const Expr queries = extent(Kind::query), tiles = (queries + (tile - 1)) / tile;
  const int columns = stage.value_size_padded, lanes = lanes_of(stage.value_size);
  Var x("x"), n("n"), t("t"), h("h"), b("b");
  if (output_of(stage.result) < 0) {
    // Rows for a projection, heads side by side.
    Var q("q"), qt("qt"), hi("hi"), ho("ho"), task("task");
    Func result("attention");
    RDom r(0, tile,
           "r");  // the tile's queries that exist: short tiles do no more work than they have rows
    r.where(r < queries - qt * tile);
    result(n, q, qt, b) = undef(real_);
    result(n, r, qt, b) = tile_of(n % columns, r, qt, n / columns, b);
    Func rows("attention_rows");
    rows(n, t, b) = result(n, t % tile, t / tile, b);
    define(stage.result, rows);
    result.compute_root()
        .bound(n, 0, stage.heads * columns)
        .bound(q, 0, tile)
        .bound(qt, 0, tiles)
        .bound(b, 0, extent(Kind::batch))
        .update()
        .split(n, ho, hi, columns)
        .reorder(hi, r, qt, ho, b)
        .never_partition_all()
        .fuse(qt, ho, task)
        .fuse(task, b, task)
        .parallel(task)
        .vectorize(hi, lanes);
    return LoopLevel(result, task);
  }
  Func out(name_of(stage.result, ""));
  // The caller's own memory: a tile is made in scratch and copied out while it is in L1.
  Var q("q"), qt("qt"), to("to"), ti("ti"), task("task");
  Func result("attention");
  RDom r(0, tile, "r");
  r.where(r < queries - qt * tile);
  result(x, q, qt, h, b) = undef(real_);
  result(x, r, qt, h, b) = tile_of(x, r, qt, h, b);
  out(x, h, t, b) = stored(result(x, t % tile, t / tile, h, b));
  out.bound(x, 0, stage.value_size)
      .bound(h, 0, stage.heads)
      .bound(t, 0, queries)
      .bound(b, 0, extent(Kind::batch))
      .split(t, to, ti, tile, TailStrategy::GuardWithIf)
      .reorder(x, ti, to, h, b)
      .never_partition_all()
      .fuse(to, h, task)
      .fuse(task, b, task)
      .parallel(task)
      .vectorize(x, lanes, TailStrategy::GuardWithIf);
  result.compute_at(out, task).bound_extent(x, columns).bound_extent(q, tile).bound_extent(qt, 1);
  result.update().reorder(x, r, qt, h, b).vectorize(x, lanes);
  define(stage.result, out);
  return LoopLevel(result, qt);
}

void PathPipeline::make_weighted_sum(
    const Values& stage, int tile,
    const std::function<Expr(const Expr&, const Expr&, const Expr&, const Expr&)>& probability) {
  const Schedule& s = schedule();
  const int lanes = lanes_of(stage.value_size), columns = stage.value_size_padded,
            rows = s.tile_rows;
  Var x("x"), q("q"), qt("qt"), h("h"), b("b"), qo("qo"), qi("qi"), xo("xo"), xi("xi");
  RDom all(0, extent(Kind::key), "all");
  const Expr query = min(qt * tile + q, extent(Kind::query) - 1);
  Func weighted("weighted");
  weighted(x, q, qt, h, b) = number(0);
  weighted(x, q, qt, h, b) += probability(all, query, h, b) * value_element(stage, h, x, all, b);
  Func weighted_tile = weighted.in();
  const LoopLevel task = make_result(stage, weighted_tile, tile);
  weighted_tile.compute_at(task)
      .bound_extent(x, columns)
      .tile(x, q, xo, qo, xi, qi, lanes * vectors_of(columns), rows, TailStrategy::RoundUp)
      .reorder(xi, qi, qo, xo)
      .vectorize(xi, lanes)
      .unroll(xi)
      .unroll(qi);
  weighted.compute_at(weighted_tile, qo).vectorize(x, lanes).unroll(x).unroll(q);
  weighted.update().reorder(x, q, all).vectorize(x, lanes).unroll(x).unroll(q);
}

void PathPipeline::add(const Combine& stage) {
  const Values values = values_of(stage);
  if (value(stage.value).layout == Layout::heads) pack_values(values);
  make_weighted_sum(values, schedule().scores_query_tile,
                    [&](const Expr& key, const Expr& query, const Expr& head, const Expr& batch) {
                      return element(stage.probabilities, {key, query, head, batch});
                    });
}

}  // namespace attnc
