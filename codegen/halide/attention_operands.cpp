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

Expr PathPipeline::key_head(const Attention& stage, const Expr& head) const {
  return stage.heads == stage.key_heads ? head : head / (stage.heads / stage.key_heads);
}

Expr PathPipeline::query_element(const Attention& stage, const Expr& head, const Expr& d,
                                 const Expr& position, const Expr& batch) const {
  const Made& query = made(stage.query);
  if (value(stage.query).layout == Layout::heads) return query.image(d, head, position, batch);
  return query.func(head * stage.key_size + d, batch * extent(Kind::query) + position);
}

Expr PathPipeline::key_element(const Attention& stage, const Expr& head, const Expr& d,
                               const Expr& panel, const Expr& lane, const Expr& batch) const {
  const Expr panels = (extent(Kind::key) + (schedule().vector - 1)) / schedule().vector;
  return made(stage.key).func(lane, key_head(stage, head) * stage.key_size + d,
                              min(panel, panels - 1), batch);
}

Expr PathPipeline::value_element(const Attention& stage, const Expr& head, const Expr& x,
                                 const Expr& position, const Expr& batch) const {
  const Made& values = made(stage.value);
  const Expr own = key_head(stage, head);
  if (!values.func.defined()) return values.image(x, own, position, batch);
  return values.func(own * padded_value_size(stage) + x, batch * extent(Kind::key) + position);
}

int PathPipeline::padded_value_size(const Attention& stage) const {
  const int lanes = lanes_of(stage.value_size);
  return (stage.value_size + lanes - 1) / lanes * lanes;
}

Expr PathPipeline::visible(const Attention& stage, Site at, const std::vector<Var>& arguments,
                           std::vector<MaskTile>& tiles) const {
  const Expr keys = extent(Kind::key), exists = at.key < keys;
  if (stage.mask.empty()) return exists;
  const Site here = at;
  at.own = [&](int input) -> Expr {
    if (auto flag = flags_.find(input); flag != flags_.end()) return flag->second != 0;
    const ImageParam& image = masks_.at(input);
    Func bytes(image.name() + "_tile");
    bytes(arguments) = select(
        exists, likely(image(clamp(here.key, 0, keys - 1), here.query, here.head, here.batch)),
        cast<uint8_t>(0));
    tiles.push_back({bytes, image});
    return bytes(arguments) != 0;
  };
  return exists && evaluate(stage.mask, at).at(0);
}

std::pair<Expr, Expr> PathPipeline::visible_keys(const Attention& stage, const Expr& head,
                                                 const Expr& batch, const Expr& first_query,
                                                 const Expr& last_query) const {
  const Expr keys = extent(Kind::key);
  if (stage.keys.empty()) return {0, keys};
  Site at = site(batch, head, first_query, 0);
  at.last_query = last_query;
  const std::vector<Expr> range = evaluate(stage.keys, at);
  const int lanes = schedule().vector;
  return {max(range.at(0), 0) / lanes * lanes, clamp(range.at(1), 0, keys)};
}

void PathPipeline::pack_keys(const Attention& stage) {
  const int lanes = schedule().vector, size = stage.key_size;
  const Expr keys = extent(Kind::key);
  const ImageParam& image = made(stage.key).image;
  Var lane("lane"), n("n"), panel("panel"), b("b"), h("h"), d("d"), task("task");
  Func packed("packed_keys");
  // Keys past the end repeat the last one; attention masks them.
  packed(lane, n, panel, b) =
      image(n % size, n / size, clamp(panel * lanes + lane, 0, keys - 1), b);
  packed.compute_root()
      .bound(lane, 0, lanes)
      .bound(n, 0, stage.key_heads * size)
      .bound(panel, 0, (keys + (lanes - 1)) / lanes)
      .split(n, h, d, size)
      .reorder(lane, d, panel, h, b)
      .fuse(h, b, task)
      .parallel(task)
      .vectorize(lane, lanes);
  made(stage.key).func = packed;
}

void PathPipeline::pack_values(const Attention& stage) {
  const int padded = padded_value_size(stage);
  if (padded == stage.value_size) return;
  const int lanes = lanes_of(stage.value_size);
  const Expr keys = extent(Kind::key);
  const ImageParam& image = made(stage.value).image;
  Var n("n"), r("r"), h("h"), x("x"), ro("ro"), ri("ri"), task("task");
  Func packed("packed_values");
  const Expr inside = n % padded < stage.value_size;
  packed(n, r) = select(
      inside,
      image(min(n % padded, stage.value_size - 1), n / padded, r % max(keys, 1), r / max(keys, 1)),
      0.0f);
  packed.compute_root()
      .bound(n, 0, stage.key_heads * padded)
      .bound(r, 0, keys * extent(Kind::batch))
      .split(n, h, x, padded)
      .split(r, ro, ri, 64, TailStrategy::GuardWithIf)
      .reorder(x, h, ri, ro)
      .parallel(ro)
      .vectorize(x, lanes);
  made(stage.value).func = packed;
}

LoopLevel PathPipeline::make_result(const Attention& stage, const Func& tile_of, int tile) {
  const Expr queries = extent(Kind::query), tiles = (queries + (tile - 1)) / tile;
  const int padded = padded_value_size(stage), lanes = lanes_of(stage.value_size);
  const int output = output_of(stage.result);
  Var x("x"), n("n"), t("t"), h("h"), b("b");
  if (output < 0) {
    // Rows for a projection, heads side by side.
    Var q("q"), qt("qt"), hi("hi"), ho("ho"), task("task");
    Func result("attention");
    RDom r(0, tile,
           "r");  // the tile's queries that exist: short tiles do no more work than they have rows
    r.where(r < queries - qt * tile);
    result(n, q, qt, b) = undef<float>();
    result(n, r, qt, b) = tile_of(n % padded, r, qt, n / padded, b);
    Func rows("attention_rows");
    rows(n, t, b) = result(n, t % tile, t / tile, b);
    made(stage.result).func = rows;
    result.compute_root()
        .bound(n, 0, stage.heads * padded)
        .bound(q, 0, tile)
        .bound(qt, 0, tiles)
        .bound(b, 0, extent(Kind::batch))
        .update()
        .split(n, ho, hi, padded)
        .reorder(hi, r, qt, ho, b)
        .never_partition_all()
        .fuse(qt, ho, task)
        .fuse(task, b, task)
        .parallel(task)
        .vectorize(hi, lanes);
    return LoopLevel(result, task);
  }
  Func out(plan_.outputs.at(static_cast<size_t>(path_.outputs[static_cast<size_t>(output)])).name);
  // The caller's own memory: a tile is made in scratch and copied out while it is in L1.
  Var q("q"), qt("qt"), to("to"), ti("ti"), task("task");
  Func result("attention");
  RDom r(0, tile, "r");
  r.where(r < queries - qt * tile);
  result(x, q, qt, h, b) = undef<float>();
  result(x, r, qt, h, b) = tile_of(x, r, qt, h, b);
  out(x, h, t, b) = result(x, t % tile, t / tile, h, b);
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
  result.compute_at(out, task).bound_extent(x, padded).bound_extent(q, tile).bound_extent(qt, 1);
  result.update().reorder(x, r, qt, h, b).vectorize(x, lanes);
  outputs_[static_cast<size_t>(output)] = out;
  made(stage.result).func = out;
  return LoopLevel(result, qt);
}

}  // namespace attnc
