// projection.cpp - y[row, column] = sum over k of x[row, k] * kernel[k, column] + bias[column].
//
// The rows of all batches form one long list, so that short sequences fill tiles. The kernel is
// packed in panels as wide as a register tile ([panel][k][lane], packed when weights are loaded)
// and read as one stream. x is read in place, one broadcast per multiply-add. A register tile is
// tile_rows x tile_vectors accumulators with k outermost; a task is one panel times task_rows rows.
//
// Cost: 2 * rows * k * columns operations. The panel (k * panel_width * 4 bytes, 192 kB for 768 x
// 64) streams from L2 once per tile_rows rows: 4 loads of 64 bytes for 16 multiply-adds.
#include "halide/families.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

namespace {

/// An element of x, at a row of the list of all batches' rows.
Expr row(const Context& context, const Projection& stage, const Expr& column,
         const Expr& flat_row) {
  const Expr positions = max(context.extent(context.positions_of(stage.x)), 1);
  return context.element(stage.x, {column, flat_row % positions, flat_row / positions});
}

void make_rows(Context& context, const Projection& stage, Func out, bool is_output) {
  const Schedule& s = context.schedule();
  const int rows = s.tile_rows, width = s.vector * s.tile_vectors;
  const ImageParam& kernel = context.packed(stage.kernel);
  const Expr positions = context.extent(context.positions_of(stage.x));
  const Expr all_rows = positions * context.extent(Kind::batch);

  // ---- algorithm
  Var lane("lane"), tile_row("tile_row"), panel("panel"), tile("tile");
  Var n("n"), r("r"), t("t"), b("b");
  RDom k(0, kernel.dim(1).extent(), "k");
  Func sum("sum");
  sum(lane, tile_row, panel, tile) = context.number(0);
  sum(lane, tile_row, panel, tile) +=
      kernel(lane, k, panel) * row(context, stage, k, min(tile * rows + tile_row, all_rows - 1));
  auto sum_at = [&](const Expr& column, const Expr& flat_row) {
    const Expr y = sum(column % width, flat_row % rows, column / width, flat_row / rows);
    return stage.bias >= 0 ? y + context.packed(stage.bias)(column) : y;
  };
  // An output has its own stride for batches, so the list's row is divided into batch and position.
  RDom list;
  if (is_output) {
    out(n, t, b) = undef(context.stored_type());
    list = RDom(0, out.output_buffer().dim(0).extent(), 0, all_rows, "list");
    out(list.x, list.y % max(positions, 1), list.y / max(positions, 1)) =
        context.stored(sum_at(list.x, list.y));
    context.define(stage.result, out);
  } else if (context.value(stage.result).layout == Layout::rows) {
    out(n, r) = sum_at(n, r);
    Func rows(out.name() + "_rows");
    rows(n, t, b) = out(n, b * positions + t);
    context.define(stage.result, rows);
  } else {
    out(n, r) = sum_at(n, r);
    context.define(stage.result, out);
  }

  // ---- schedule: a task is one panel times task_rows rows
  Var no("no"), ni("ni"), mt("mt"), mr("mr"), mo("mo"), mi("mi"), task("task");
  RVar ln("ln"), lv("lv"), lt("lt"), lr("lr"), lo("lo"), li("li"), list_task("list_task");
  const int tiles = std::max(1, s.task_rows / rows);
  if (is_output) {
    // Guards, not partitioned loops, which would repeat the tile's loops for every edge.
    out.update()
        .allow_race_conditions()
        .split(list.x, ln, lv, width, TailStrategy::GuardWithIf)
        .split(list.y, lt, lr, rows, TailStrategy::GuardWithIf)
        .split(lt, lo, li, tiles, TailStrategy::GuardWithIf)
        .reorder(lv, lr, li, lo, ln)
        .never_partition_all()
        .fuse(lo, ln, list_task)
        .parallel(list_task)
        .vectorize(lv, s.vector)
        .unroll(lv)
        .unroll(lr);
    sum.compute_at(out, li).bound_extent(panel, 1).bound_extent(tile, 1);
  } else {
    // Features that are not an output have all columns of the packed kernel.
    const Expr columns = stage.heads > 0 ? Expr(stage.heads * stage.head_size_padded)
                                         : kernel.dim(2).extent() * width;
    out.compute_root()
        .bound(r, 0, (all_rows + (rows - 1)) / rows * rows)
        .bound(n, 0, (columns + width - 1) / width * width)
        .split(n, no, ni, width, TailStrategy::RoundUp)
        .split(r, mt, mr, rows, TailStrategy::RoundUp)
        .split(mt, mo, mi, tiles, TailStrategy::GuardWithIf)
        .reorder(ni, mr, mi, mo, no)
        .never_partition_all()
        .fuse(mo, no, task)
        .parallel(task)
        .vectorize(ni, s.vector)
        .unroll(ni)
        .unroll(mr);
    sum.compute_at(out, mi);
  }
  sum.vectorize(lane, s.vector).unroll(lane).unroll(tile_row);
  sum.update().reorder(lane, tile_row, k).vectorize(lane, s.vector).unroll(lane).unroll(tile_row);
}

void make_key_panels(Context& context, const Projection& stage, Func out) {
  const Schedule& s = context.schedule();
  const int rows = s.tile_rows, width = s.vector * s.tile_vectors, lanes = s.vector;
  const ImageParam& kernel = context.packed(stage.kernel);
  const Expr keys = context.extent(Kind::key);
  const int columns = (stage.heads * stage.head_size_padded + width - 1) / width * width;

  // ---- algorithm: the same product, stored transposed. Attention masks keys past the end: they
  // repeat the last one or, where a whole register tile is past the end, are only the bias.
  Var lane("lane"), tile_row("tile_row"), panel("panel"), tile("tile"), key_lane("key_lane");
  Var n("n"), p("p"), b("b"), group("group");
  RDom k(0, kernel.dim(1).extent(), "k");
  Func sum("sum"), block("block");
  const Expr key = clamp(group * lanes + tile * rows + tile_row, 0, keys - 1);
  k.where(group * lanes + tile * rows < keys);
  sum(lane, tile_row, panel, tile, group, b) = context.number(0);
  sum(lane, tile_row, panel, tile, group, b) +=
      kernel(lane, k, panel) * row(context, stage, k, b * keys + key);
  Expr y = sum(lane, key_lane % rows, panel, key_lane / rows, group, b);
  if (stage.bias >= 0) y += context.packed(stage.bias)(panel * width + lane);
  block(lane, key_lane, panel, group, b) = y;
  out(key_lane, n, p, b) = block(n % width, key_lane, n / width, p, b);
  context.define(stage.result, out);

  // ---- schedule: a task is one panel of the kernel times some panels of keys
  Var no("no"), ni("ni"), po("po"), pi("pi"), task("task"), kt("kt"), kr("kr");
  const int panels = std::max(1, s.task_rows / lanes);
  out.compute_root()
      .bound(key_lane, 0, lanes)
      .bound(n, 0, columns)
      .bound(p, 0, (keys + lanes - 1) / lanes)
      .split(n, no, ni, width, TailStrategy::RoundUp)
      .split(p, po, pi, panels, TailStrategy::GuardWithIf)
      .reorder(key_lane, ni, pi, po, no, b)
      .fuse(po, no, task)
      .fuse(task, b, task)
      .parallel(task)
      .vectorize(key_lane, lanes);
  block.compute_at(out, pi)
      .bound_extent(lane, width)
      .bound_extent(key_lane, lanes)
      .split(key_lane, kt, kr, rows)
      .reorder(lane, kr, kt)
      .vectorize(lane, s.vector)
      .unroll(lane)
      .unroll(kr);
  sum.compute_at(block, kt).vectorize(lane, s.vector).unroll(lane).unroll(tile_row);
  sum.update().reorder(lane, tile_row, k).vectorize(lane, s.vector).unroll(lane).unroll(tile_row);
}

}  // namespace

void make(Context& context, const Projection& stage) {
  const std::string& kernel =
      context.plan()
          .weights
          .at(static_cast<size_t>(
              context.plan().packings.at(static_cast<size_t>(stage.kernel)).weight))
          .name;
  Func out(context.name_of(stage.result, "projected_" + kernel.substr(0, kernel.find('/'))));
  if (context.value(stage.result).layout == Layout::key_panels)
    make_key_panels(context, stage, out);
  else
    make_rows(context, stage, out, context.output_of(stage.result) >= 0);
}

}  // namespace attnc
