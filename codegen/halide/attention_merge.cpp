// attention_merge.cpp - merges what tasks over parts of the keys have computed (FlashDecoding, Dao
// et al. 2023).
//
// Which tasks there are depends on the shapes alone, and they are merged in order, so the bits of
// the result do not depend on the number of threads.
#include "halide/attention_merge.h"

#include "halide/attention_scores.h"

namespace attnc {

using namespace Halide;
using attn::Kind;

void merge_partials(Context& context, const Attention& stage, Func partials, const Expr& queries,
                    const RDom& tasks, int lanes) {
  const Schedule& s = context.schedule();
  const int group = stage.heads / stage.key_heads, V = stage.value_size;
  const Expr keys = context.extent(Kind::key), zero = context.number(0), rows = queries * group;

  // ---- algorithm
  Var x("x"), r("r"), c("c"), h("h"), b("b");
  Func top("top"), share("share"), total("total"), mixed("mixed"), mean("mean");
  const auto [sink, sink_sum] =
      sink_of(context, stage, context.site(b, h * group + r % group, r / group, 0));
  top(r, h, b) = sink;
  top(r, h, b) = max(top(r, h, b), partials(V, r, h, tasks, b));
  share(c, r, h, b) = exp_of_nonpositive(partials(V, r, h, c, b) - top(r, h, b));
  total(r, h, b) = sink_sum * exp_of_nonpositive(sink - top(r, h, b));
  total(r, h, b) += share(tasks, r, h, b) * partials(V + 1, r, h, tasks, b);
  mixed(x, r, h, b) = zero;
  mixed(x, r, h, b) += (stage.sigmoid ? context.number(1) : Expr(share(tasks, r, h, b))) *
                       partials(x, r, h, tasks, b);
  const bool uniform = is_uniform(stage);
  Expr otherwise = zero;
  Var head("head"), t("t");
  const Expr row = t * group + head % group, own = head / group;
  if (uniform) {
    RDom all(0, keys, "all");
    mean(x, h, b) = zero;
    mean(x, h, b) += context.element(stage.value, {x, h, all, b});
    otherwise = mean(x, own, b) / max(cast(context.real(), keys), context.number(1));
  }
  const Expr sum_of_row = total(row, own, b);
  const bool returned = context.output_of(stage.result) >= 0;
  Func out(context.name_of(stage.result, "attention"));
  const Expr result = stage.sigmoid
                          ? Expr(mixed(x, row, own, b))
                          : select(top(row, own, b) > no_key_seen(context.real()),
                                   mixed(x, row, own, b) * (context.number(1) / sum_of_row),
                                   strict_float(otherwise + strict_float(sum_of_row * zero)));
  out(x, head, t, b) = returned ? context.stored(result) : result;
  if (returned) {
    context.define(stage.result, out);
  } else {
    // Rows for a later stage. There are few per sequence, so the copy costs nothing.
    const int columns = stage.value_size_padded;
    Var n("n");
    Func rows_of_heads("attention_rows");
    rows_of_heads(n, t, b) =
        select(n % columns < V, out(min(n % columns, V - 1), n / columns, t, b), zero);
    rows_of_heads.compute_root()
        .bound(n, 0, stage.heads * columns)
        .bound(t, 0, queries)
        .bound(b, 0, context.extent(Kind::batch));
    out.compute_root();
    context.define(stage.result, rows_of_heads);
  }

  // ---- schedule: one parallel task per key head
  Var ho("ho"), hi("hi"), task("task");
  out.bound(x, 0, V)
      .bound(head, 0, stage.heads)
      .bound(t, 0, queries)
      .bound(b, 0, context.extent(Kind::batch))
      .split(head, ho, hi, group)
      .reorder(x, hi, t, ho, b)
      .fuse(ho, b, task)
      .parallel(task)
      .vectorize(x, lanes);
  if (!stage.sigmoid) {
    top.compute_at(out, task).bound_extent(r, rows);
    share.compute_at(out, task).bound_extent(r, rows).vectorize(c, s.vector, TailStrategy::RoundUp);
    total.compute_at(out, task).bound_extent(r, rows);
  }
  mixed.compute_at(out, task).bound_extent(x, V).bound_extent(r, rows).vectorize(x, lanes);
  mixed.update().reorder(x, tasks, r, h, b).vectorize(x, lanes);
  if (uniform) {
    RVar all = mean.rvars()[0];
    mean.compute_at(out, task).vectorize(x, lanes).update().reorder(x, all).vectorize(x, lanes);
  }
}

}  // namespace attnc
