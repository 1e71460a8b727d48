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
#include "halide/pipeline.h"
#include "plan/projection_kernel.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

namespace {

int dimensions_of(OperandForm form) {
  return form == OperandForm::rows ? 3 : form == OperandForm::tiles ? 4 : 2;
}

/// The parameters and the algorithm of a projection; `make_rows` and `make_panels` add the product's
/// memory and the schedule.
class Product {
 public:
  explicit Product(const ProjectionKernel& kernel)
      : kernel_(kernel),
        real_(halide_type(compute_type(kernel.operand))),
        x_(halide_type(kernel.operand), dimensions_of(kernel.from), "x"),
        weights_(real_, 3, "kernel"),
        bias_(real_, 1, "bias") {
    x_.dim(0).set_stride(1);
    set_packed(weights_, width());
    set_packed(bias_, 0);
  }

  BuiltKernel build() {
    Func out("projected");
    if (kernel_.to == ProductForm::panels)
      make_panels(out);
    else
      make_rows(out, kernel_.to == ProductForm::output);
    OutputImageParam image = out.output_buffer();
    for (int d = 0; d < image.dimensions(); ++d) image.dim(d).set_min(0);
    image.dim(0).set_stride(1);
    BuiltKernel built{Pipeline(out), {x_, weights_}, {}};
    if (kernel_.bias) built.arguments.emplace_back(bias_);
    built.arguments.emplace_back(positions_);
    built.arguments.emplace_back(batches_);
    return built;
  }

 private:
  int width() const { return kernel_.vector * kernel_.tile_vectors; }

  /// An element of x, at a row of the list of all batches' rows.
  Expr row(const Expr& column, const Expr& flat_row) const {
    const Expr positions = max(positions_, 1);
    const Expr position = flat_row % positions, batch = flat_row / positions;
    switch (kernel_.from) {
      case OperandForm::rows:
        return cast(real_, x_(column, position, batch));
      case OperandForm::tiles: {
        const Expr tile = x_.dim(1).extent();
        return cast(real_, x_(column, position % tile, position / tile, batch));
      }
      case OperandForm::list:
        return cast(real_, x_(column, flat_row));
    }
    return {};
  }

  void make_rows(Func out, bool is_output) {
    const int rows = kernel_.tile_rows;
    const Expr all_rows = positions_ * batches_;

    // ---- algorithm
    Var lane("lane"), tile_row("tile_row"), panel("panel"), tile("tile");
    Var n("n"), r("r"), t("t"), b("b");
    RDom k(0, weights_.dim(1).extent(), "k");
    Func sum("sum");
    sum(lane, tile_row, panel, tile) = make_zero(real_);
    sum(lane, tile_row, panel, tile) +=
        weights_(lane, k, panel) * row(k, min(tile * rows + tile_row, all_rows - 1));
    auto sum_at = [&](const Expr& column, const Expr& flat_row) {
      const Expr y = sum(column % width(), flat_row % rows, column / width(), flat_row / rows);
      return kernel_.bias ? y + bias_(column) : y;
    };
    // An output has its own stride for batches, so the list's row is divided into batch and
    // position.
    RDom list;
    if (is_output) {
      const Type stored = halide_type(kernel_.product);
      out(n, t, b) = undef(stored);
      list = RDom(0, out.output_buffer().dim(0).extent(), 0, all_rows, "list");
      out(list.x, list.y % max(positions_, 1), list.y / max(positions_, 1)) =
          cast(stored, sum_at(list.x, list.y));
    } else {
      out(n, r) = sum_at(n, r);
    }

    // ---- schedule: a task is one panel times task_rows rows
    Var no("no"), ni("ni"), mt("mt"), mr("mr"), mo("mo"), mi("mi"), task("task");
    RVar ln("ln"), lv("lv"), lt("lt"), lr("lr"), lo("lo"), li("li"), list_task("list_task");
    const int tiles = std::max(1, kernel_.task_rows / rows);
    if (is_output) {
      // Guards, not partitioned loops, which would repeat the tile's loops for every edge.
      out.update()
          .allow_race_conditions()
          .split(list.x, ln, lv, width(), TailStrategy::GuardWithIf)
          .split(list.y, lt, lr, rows, TailStrategy::GuardWithIf)
          .split(lt, lo, li, tiles, TailStrategy::GuardWithIf)
          .reorder(lv, lr, li, lo, ln)
          .never_partition_all()
          .fuse(lo, ln, list_task)
          .parallel(list_task)
          .vectorize(lv, kernel_.vector)
          .unroll(lv)
          .unroll(lr);
      sum.compute_at(out, li).bound_extent(panel, 1).bound_extent(tile, 1);
    } else {
      out.split(n, no, ni, width(), TailStrategy::RoundUp)
          .split(r, mt, mr, rows, TailStrategy::RoundUp)
          .split(mt, mo, mi, tiles, TailStrategy::GuardWithIf)
          .reorder(ni, mr, mi, mo, no)
          .never_partition_all()
          .fuse(mo, no, task)
          .parallel(task)
          .vectorize(ni, kernel_.vector)
          .unroll(ni)
          .unroll(mr);
      sum.compute_at(out, mi);
    }
    schedule_tile(sum, lane, tile_row, k);
  }

  void make_panels(Func out) {
    const int rows = kernel_.tile_rows, lanes = kernel_.vector;
    const Expr keys = positions_;

    // ---- algorithm: the same product, stored transposed. Attention masks keys past the end: they
    // repeat the last one or, where a whole register tile is past the end, are only the bias.
    Var lane("lane"), tile_row("tile_row"), panel("panel"), tile("tile"), key_lane("key_lane");
    Var n("n"), p("p"), b("b"), group("group");
    RDom k(0, weights_.dim(1).extent(), "k");
    Func sum("sum"), block("block");
    const Expr key = clamp(group * lanes + tile * rows + tile_row, 0, keys - 1);
    k.where(group * lanes + tile * rows < keys);
    sum(lane, tile_row, panel, tile, group, b) = make_zero(real_);
    sum(lane, tile_row, panel, tile, group, b) += weights_(lane, k, panel) * row(k, b * keys + key);
    Expr y = sum(lane, key_lane % rows, panel, key_lane / rows, group, b);
    if (kernel_.bias) y += bias_(panel * width() + lane);
    block(lane, key_lane, panel, group, b) = y;
    out(key_lane, n, p, b) = block(n % width(), key_lane, n / width(), p, b);

    // ---- schedule: a task is one panel of the kernel times some panels of keys
    Var no("no"), ni("ni"), po("po"), pi("pi"), task("task"), kt("kt"), kr("kr");
    const int panels = std::max(1, kernel_.task_rows / lanes);
    out.output_buffer().dim(0).set_extent(lanes);
    out.output_buffer().dim(1).set_stride(lanes);
    out.bound(key_lane, 0, lanes)
        .split(n, no, ni, width(), TailStrategy::RoundUp)
        .split(p, po, pi, panels, TailStrategy::GuardWithIf)
        .reorder(key_lane, ni, pi, po, no, b)
        .fuse(po, no, task)
        .fuse(task, b, task)
        .parallel(task)
        .vectorize(key_lane, lanes);
    block.compute_at(out, pi)
        .bound_extent(lane, width())
        .bound_extent(key_lane, lanes)
        .split(key_lane, kt, kr, rows)
        .reorder(lane, kr, kt)
        .vectorize(lane, kernel_.vector)
        .unroll(lane)
        .unroll(kr);
    sum.compute_at(block, kt);
    schedule_tile(sum, lane, tile_row, k);
  }

  void schedule_tile(Func sum, const Var& lane, const Var& tile_row, const RDom& k) const {
    const int lanes = kernel_.vector;
    sum.vectorize(lane, lanes).unroll(lane).unroll(tile_row);
    sum.update().reorder(lane, tile_row, k).vectorize(lane, lanes).unroll(lane).unroll(tile_row);
  }

  const ProjectionKernel& kernel_;
  const Type real_;
  ImageParam x_, weights_, bias_;
  Param<int32_t> positions_{"positions"}, batches_{"batches"};
};

}  // namespace

BuiltKernel build_projection(const ProjectionKernel& kernel) { return Product(kernel).build(); }

void make(Context& context, const Projection& stage) {
  const ProjectionKernel kernel = projection_kernel(context.plan(), context.path(), stage);
  const int width = kernel.vector * kernel.tile_vectors, lanes = kernel.vector;
  const ImageParam& packed = context.packed(stage.kernel);
  const Expr positions = context.extent(context.positions_of(stage.x)),
             batches = context.extent(Kind::batch), all_rows = positions * batches;
  const Expr columns =
      stage.heads > 0 ? Expr(stage.heads * stage.head_size_padded) : packed.dim(2).extent() * width;
  const Expr padded_columns = (columns + (width - 1)) / width * width;

  const std::string& weight =
      context.plan()
          .weights
          .at(static_cast<size_t>(
              context.plan().packings.at(static_cast<size_t>(stage.kernel)).weight))
          .name;
  Func out(context.name_of(stage.result, "projected_" + weight.substr(0, weight.find('/'))));
  std::vector<Var> at;
  Expr first_row;  // the first row of x that an element is made of
  Var n("n"), r("r"), t("t"), b("b"), lane("lane"), panel("panel");
  switch (kernel.to) {
    case ProductForm::output:
      at = {n, t, b}, first_row = b * positions + t;
      break;
    case ProductForm::list:
      at = {n, r}, first_row = min(r, all_rows - 1);
      break;
    case ProductForm::panels:
      at = {lane, n, panel, b}, first_row = b * positions + min(panel * lanes, positions - 1);
      break;
  }
  const Made& x = context.made(stage.x);
  internal_check(x.image.defined() || x.memory.dimensions() == dimensions_of(kernel.from),
                 "the operand of " + kernel.name() + " has another form");
  std::vector<ExternFuncArgument> arguments{context.services()};
  if (x.image.defined())
    arguments.emplace_back(x.image);
  else
    arguments.emplace_back(x.memory);
  arguments.emplace_back(packed);
  if (kernel.bias) arguments.emplace_back(context.packed(stage.bias));
  arguments.emplace_back(positions);
  arguments.emplace_back(batches);
  out.define_extern(kernel.name(), arguments, halide_type(kernel.product), at, NameMangling::C);
  // What it reads, for bounds inference, which would otherwise call the kernel to ask. Rows and
  // batches have explicit bounds.
  const auto read = [&](const Expr& column) {
    return context.element(stage.x,
                           {column, first_row % max(positions, 1), first_row / max(positions, 1)});
  };
  Internal::Function function = out.function();
  function.extern_definition_proxy_expr() =
      cast(halide_type(kernel.product), read(0) + read(max(packed.dim(1).extent() - 1, 0)));
  if (kernel.to == ProductForm::output) return context.define(stage.result, out);
  out.compute_root();
  if (kernel.to == ProductForm::panels) {
    out.bound(lane, 0, lanes)
        .bound(n, 0, padded_columns)
        .bound(panel, 0, (positions + (lanes - 1)) / lanes);
    return context.define(stage.result, out);
  }
  out.bound(n, 0, padded_columns)
      .bound(r, 0, (all_rows + (kernel.tile_rows - 1)) / kernel.tile_rows * kernel.tile_rows);
  if (context.value(stage.result).layout != Layout::rows) return context.define(stage.result, out);
  Func rows(out.name() + "_rows");
  rows(n, t, b) = out(n, b * positions + t);
  context.define(stage.result, rows, out);
}

}  // namespace attnc
