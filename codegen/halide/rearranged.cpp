// rearranged.cpp - stages that compute little or nothing: writing new keys and values into a cache,
// elementwise formulas, concatenated heads. Each reads and writes its numbers once.
#include "halide/families.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

void make(Context& context, const Splice& stage) {
  // The output starts as the old cache (PlanTensor::starts_as), so only new positions are written;
  // elements defined as `undef` are left as they are.
  const Expr count = context.extent(Kind::update);
  Var x("x"), h("h"), s("s"), slot("slot"), b("b");
  Func out(context.name_of(stage.result, ""));
  const ImageParam& index = context.input(stage.at);
  out(x, h, s, slot, b) = undef(context.stored_type());
  const Expr keys = out.output_buffer().dim(2).extent();
  context.set_cache_positions(keys);
  for (int which : {0, 1}) {
    RDom l(0, count, "l");
    const Expr first = clamp(index(b), 0, max(keys - count, 0));
    const Expr row =
        context.element(which == 0 ? stage.keys : stage.values, {h * stage.size + x, l, b});
    out(x, h, clamp(first + l, 0, keys - 1), which, b) = context.stored(row);
    out.update(which)
        .allow_race_conditions()
        .reorder(x, h, l, b)
        .parallel(b)
        .vectorize(x, context.schedule().lanes_of(stage.size), TailStrategy::GuardWithIf);
  }
  out.compute_root()
      .bound(x, 0, stage.size)
      .bound(h, 0, stage.heads)
      .bound(s, 0, keys)
      .bound(slot, 0, 2)
      .bound(b, 0, context.extent(Kind::batch));
  context.define(stage.result, out);
}

void make(Context& context, const Map& stage) {
  const Layout layout = context.value(stage.result).layout;
  const bool returned = context.output_of(stage.result) >= 0;
  const Expr queries = context.extent(context.positions_of(stage.result));
  Var c("c"), h("h"), t("t"), k("k"), b("b"), task("task");
  Func out(context.name_of(stage.result, "mapped"));
  auto make = [&](const std::vector<Expr>& inputs, const Site& at, const Expr& size = {},
                  const Expr& feature = {}) {
    Site here = at;
    here.size = size, here.feature = feature;
    here.arguments = inputs;
    const Expr made = evaluate(stage.formula, here).at(0);
    const Expr number = made.type().is_float() ? made : cast(context.real(), made);
    return returned ? context.stored(number) : number;
  };
  // Masks along queries alone are read at key 0 and, where columns are not heads, at head 0; masks
  // along keys alone at query 0.
  const bool of_keys = layout != Layout::pairs && context.positions_of(stage.result) == Kind::key;
  auto at = [&](const Expr& head) {
    return of_keys ? context.site(b, head, 0, t) : context.site(b, head, t, 0);
  };
  std::vector<Expr> inputs;
  switch (layout) {
    case Layout::rows: {
      for (int v : stage.inputs) inputs.push_back(context.element(v, {c, t, b}));
      if (stage.heads > 0) {
        out(c, t, b) = make(inputs, at(c / stage.head_size_padded), c % stage.head_size_padded);
      } else {
        out(c, t, b) = make(inputs, at(0), {}, c);
      }
      const int columns = stage.heads * stage.head_size_padded;
      if (!returned && stage.heads > 0) out.bound(c, 0, columns);
      // Without a guard, a vector that does not fit the bound would be shifted into the row before.
      const bool guard = returned || (stage.heads > 0 && columns < context.schedule().vector);
      out.compute_root()
          .bound(t, 0, queries)
          .bound(b, 0, context.extent(Kind::batch))
          .fuse(t, b, task)
          .parallel(task)
          .vectorize(c, context.schedule().vector,
                     guard ? TailStrategy::GuardWithIf : TailStrategy::Auto);
      break;
    }
    case Layout::heads: {
      const bool rows = stage.heads > 0;
      for (int v : stage.inputs) {
        inputs.push_back(rows && context.value(v).layout == Layout::rows
                             ? context.element(v, {h * stage.head_size_padded + c, t, b})
                             : context.element(v, {c, h, t, b}));
      }
      out(c, h, t, b) = make(inputs, at(h), c);
      out.compute_root()
          .bound(t, 0, queries)
          .bound(b, 0, context.extent(Kind::batch))
          .fuse(t, b, task)
          .parallel(task)
          .vectorize(c, context.schedule().lanes_of(std::max(stage.head_size, 1)),
                     TailStrategy::GuardWithIf);
      break;
    }
    case Layout::pairs: {
      for (int v : stage.inputs) inputs.push_back(context.element(v, {k, t, h, b}));
      out(k, t, h, b) = make(inputs, context.site(b, h, t, k));
      out.compute_root()
          .bound(k, 0, context.extent(Kind::key))
          .bound(t, 0, queries)
          .bound(b, 0, context.extent(Kind::batch))
          .fuse(t, h, task)
          .fuse(task, b, task)
          .parallel(task)
          .vectorize(k, context.schedule().vector, TailStrategy::GuardWithIf);
      break;
    }
    default:
      internal_check(false, "an elementwise stage of this layout");
  }
  context.define(stage.result, out);
}

void make(Context& context, const ConcatHeads& stage) {
  auto heads_of = [&](int v) {
    for (const PlanAxis& a : context.value(v).axes) {
      if (a.kind == Kind::head) return static_cast<int>(a.extent);
    }
    return 1;
  };
  const int first = heads_of(stage.first), second = heads_of(stage.second);
  Var k("k"), t("t"), h("h"), b("b");
  Func out(context.name_of(stage.result, "heads"));
  out(k, t, h, b) = undef(context.stored_type());
  for (int part : {0, 1}) {
    RDom r(0, part == 0 ? first : second, "r");
    out(k, t, part == 0 ? r : r + first, b) =
        context.stored(context.element(part == 0 ? stage.first : stage.second, {k, t, r, b}));
    out.update(part)
        .reorder(k, t, r, b)
        .parallel(b)
        .parallel(r)
        .vectorize(k, context.schedule().vector, TailStrategy::GuardWithIf);
  }
  out.compute_root()
      .bound(k, 0, context.extent(Kind::key))
      .bound(t, 0, context.extent(Kind::query))
      .bound(h, 0, first + second)
      .bound(b, 0, context.extent(Kind::batch));
  context.define(stage.result, out);
}

}  // namespace attnc
