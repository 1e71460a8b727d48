// attention_operands.cpp - how attention reads its query, keys and values, and where its result
// goes.
//
// Operands come from projections, which write the layouts that attention reads, or they have layout
// heads. Then keys are packed into transposed panels once per call: 2 * keys * size memory
// operations against 2 * queries * keys * size multiply-adds. Values are read in place unless their
// rows are not whole vectors or have to be converted.
#include "halide/attention_operands.h"

#include "halide/families.h"
#include "halide/register_tile.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

namespace {

/// The key or value head that a query head reads.
Expr shared_head(const Expr& head, int heads, int key_heads) {
  return heads == key_heads ? head : head / (heads / key_heads);
}

}  // namespace

Expr query_element(const Context& context, const Attention& stage, const Expr& head, const Expr& d,
                   const Expr& position, const Expr& batch) {
  if (context.value(stage.query).layout == Layout::heads) {
    const Expr number = context.element(stage.query, {d, head, position, batch});
    return scales_query(context, stage) ? number * context.number(stage.scale) : number;
  }
  return context.made(stage.query)
      .func(head * stage.key_size + d, batch * context.extent(Kind::query) + position);
}

QueryTile::QueryTile(const Context& context, const Attention& stage, std::vector<Var> at,
                     const std::function<Expr(const Expr& d)>& element)
    : at_(std::move(at)),
      element_(element),
      lanes_(dividing(stage.key_size, context.schedule().vector)) {
  if (context.value(stage.query).layout != Layout::heads) return;
  Var d("d");
  std::vector<Expr> place{d};
  place.insert(place.end(), at_.begin(), at_.end());
  tile_ = Func("query_tile");
  tile_(place) = element(d);
}

Expr QueryTile::operator()(const Expr& d) const {
  if (!tile_.defined()) return element_(d);
  std::vector<Expr> place{d};
  place.insert(place.end(), at_.begin(), at_.end());
  return tile_(place);
}

void QueryTile::compute_at(const LoopLevel& level) {
  if (tile_.defined()) tile_.compute_at(level).vectorize(tile_.args()[0], lanes_);
}

Expr key_element(const Context& context, const Attention& stage, const Expr& head, const Expr& d,
                 const Expr& panel, const Expr& lane, const Expr& batch) {
  const Expr panels =
      (context.extent(Kind::key) + (context.schedule().vector - 1)) / context.schedule().vector;
  const Made& keys = context.made(stage.key);
  const Func& from = keys.packed_keys.defined() ? keys.packed_keys : keys.func;
  return from(lane, shared_head(head, stage.heads, stage.key_heads) * stage.key_size + d,
              clamp(panel, 0, panels - 1), batch);
}

Expr value_element(const Context& context, const Values& stage, const Expr& head, const Expr& x,
                   const Expr& position, const Expr& batch) {
  const Made& values = context.made(stage.value);
  const Expr own = shared_head(head, stage.heads, stage.value_heads);
  const bool heads = context.value(stage.value).layout == Layout::heads;
  if (heads && !values.packed_values.defined())
    return context.element(stage.value, {x, own, position, batch});
  const Func& from = heads ? values.packed_values : values.func;
  return from(own * stage.value_size_padded + x, batch * context.extent(Kind::key) + position);
}

void pack_keys(Context& context, const Attention& stage) {
  if (context.value(stage.key).layout != Layout::heads) return;
  if (context.made(stage.key).packed_keys.defined()) return;
  const int lanes = context.schedule().vector, size = stage.key_size;
  const Expr keys = context.extent(Kind::key);
  Var lane("lane"), n("n"), panel("panel"), b("b"), h("h"), d("d"), task("task");
  Func packed("packed_keys");
  // Keys past the end repeat the last one; attention masks them.
  packed(lane, n, panel, b) =
      context.element(stage.key, {n % size, n / size, clamp(panel * lanes + lane, 0, keys - 1), b});
  packed.compute_root()
      .bound(lane, 0, lanes)
      .bound(n, 0, stage.key_heads * size)
      .bound(panel, 0, (keys + (lanes - 1)) / lanes)
      .split(n, h, d, size)
      .reorder(lane, d, panel, h, b)
      .fuse(h, b, task)
      .parallel(task)
      .vectorize(lane, lanes);
  context.made(stage.key).packed_keys = packed;
}

void pack_values(Context& context, const Values& stage) {
  if (context.value(stage.value).layout != Layout::heads) return;
  if (context.made(stage.value).packed_values.defined()) return;
  const int columns = stage.value_size_padded;
  if (reads_values_in_place(context, stage)) return;
  const int lanes = context.schedule().lanes_of(stage.value_size);
  const Expr keys = context.extent(Kind::key);
  Var n("n"), r("r"), h("h"), x("x"), ro("ro"), ri("ri"), task("task");
  Func packed("packed_values");
  const Expr inside = n % columns < stage.value_size;
  packed(n, r) =
      select(inside,
             context.element(stage.value, {min(n % columns, stage.value_size - 1), n / columns,
                                           r % max(keys, 1), r / max(keys, 1)}),
             context.number(0));
  packed.compute_root()
      .bound(n, 0, stage.value_heads * columns)
      .bound(r, 0, keys * context.extent(Kind::batch))
      .split(n, h, x, columns)
      .split(r, ro, ri, context.schedule().pack_rows, TailStrategy::GuardWithIf)
      .reorder(x, h, ri, ro)
      .parallel(ro)
      .vectorize(x, lanes);
  context.made(stage.value).packed_values = packed;
}

LoopLevel make_result(Context& context, const Values& stage, const Func& tile_of, int tile) {
  const Expr queries = context.extent(Kind::query), tiles = (queries + (tile - 1)) / tile;
  const int columns = stage.value_size_padded,
            lanes = context.schedule().lanes_of(stage.value_size);
  Var x("x"), n("n"), t("t"), h("h"), b("b");
  if (context.output_of(stage.result) < 0) {
    // Rows for a later stage, heads side by side.
    Var q("q"), qt("qt"), hi("hi"), ho("ho"), task("task");
    Func result("attention");
    RDom r(0, tile, "r");  // the tile's queries that exist: a short tile does no more work
    r.where(r < queries - qt * tile);
    result(n, q, qt, b) = undef(context.real());
    result(n, r, qt, b) = tile_of(n % columns, r, qt, n / columns, b);
    Func rows("attention_rows");
    rows(n, t, b) = result(n, t % tile, t / tile, b);
    context.define(stage.result, rows, result);
    result.compute_root()
        .bound(n, 0, stage.heads * columns)
        .bound(q, 0, tile)
        .bound(qt, 0, tiles)
        .bound(b, 0, context.extent(Kind::batch))
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
  Func out(context.name_of(stage.result, ""));
  // The result is the caller's memory: a tile is computed in scratch and copied while it is in L1.
  Var q("q"), qt("qt"), to("to"), ti("ti"), task("task");
  Func result("attention");
  RDom r(0, tile, "r");
  r.where(r < queries - qt * tile);
  result(x, q, qt, h, b) = undef(context.real());
  result(x, r, qt, h, b) = tile_of(x, r, qt, h, b);
  out(x, h, t, b) = context.stored(result(x, t % tile, t / tile, h, b));
  out.bound(x, 0, stage.value_size)
      .bound(h, 0, stage.heads)
      .bound(t, 0, queries)
      .bound(b, 0, context.extent(Kind::batch))
      .split(t, to, ti, tile, TailStrategy::GuardWithIf)
      .reorder(x, ti, to, h, b)
      .never_partition_all()
      .fuse(to, h, task)
      .fuse(task, b, task)
      .parallel(task)
      .vectorize(x, lanes, TailStrategy::GuardWithIf);
  result.compute_at(out, task).bound_extent(x, columns).bound_extent(q, tile).bound_extent(qt, 1);
  result.update().reorder(x, r, qt, h, b).vectorize(x, lanes);
  context.define(stage.result, out);
  return LoopLevel(result, qt);
}

void schedule_weighted_sum(const Context& context, const Values& stage, Func weighted, Func tile,
                           const Var& x, const Var& q, const RVar& key) {
  const Schedule& s = context.schedule();
  const int lanes = s.lanes_of(stage.value_size), all = stage.value_size_padded / lanes,
            vectors = s.value_vectors_of(all);
  schedule_register_tile(tile, weighted, x, q, key, {lanes, vectors, s.tile_rows},
                         all % vectors == 0 ? TailStrategy::RoundUp : TailStrategy::ShiftInwards);
}

void make_weighted_sum(
    Context& context, const Values& stage, int tile,
    const std::function<Expr(const Expr&, const Expr&, const Expr&, const Expr&)>& probability,
    const VisibleKeys& visible) {
  Var x("x"), q("q"), qt("qt"), h("h"), b("b");
  RDom all(0, context.extent(Kind::key), "all");
  if (visible) {
    const auto [first, end] = visible(qt, h, b);
    all.where(all >= first && all < end);
  }
  const Expr query = min(qt * tile + q, context.extent(Kind::query) - 1);
  Func weighted("weighted");
  weighted(x, q, qt, h, b) = context.number(0);
  weighted(x, q, qt, h, b) +=
      probability(all, query, h, b) * value_element(context, stage, h, x, all, b);
  Func weighted_tile = weighted.in();
  const LoopLevel task = make_result(context, stage, weighted_tile, tile);
  weighted_tile.compute_at(task).bound_extent(x, stage.value_size_padded);
  schedule_weighted_sum(context, stage, weighted, weighted_tile, x, q, all);
}

void make(Context& context, const Combine& stage) {
  const Values values = values_of(stage);
  pack_values(context, values);
  make_weighted_sum(context, values, context.schedule().scores_query_tile,
                    [&](const Expr& key, const Expr& query, const Expr& head, const Expr& batch) {
                      return context.element(stage.probabilities, {key, query, head, batch});
                    });
}

}  // namespace attnc
