// attention_walk.h - the runs of keys that a tile of queries walks.
#pragma once
#include <functional>
#include <vector>

#include "halide/context.h"

namespace attnc {

struct Walk {
  Halide::RDom runs;  // y: where a run begins (a cell, or a block of keys); x: its cells less one
  bool open = false;  // every pair is visible, and every key exists
  int most = 0;       // the most keys of a run
  /// The panel where a run begins, and the number of its keys.
  std::function<Halide::Expr(const Halide::Expr& longer, const Halide::Expr& at)> panel;
  std::function<Halide::Expr(const Halide::Expr& longer, const Halide::Expr& at)> count;
};

struct Walks {
  std::vector<Walk> walks;
  std::vector<Halide::Func> kinds;  // the kinds of cells and of runs, to be computed at the task
};
/// The walks of query tile `qt` of a head and a batch.
Walks walks_of(const Context& context, const Attention& stage, const Halide::Var& qt,
               const Halide::Var& h, const Halide::Var& b);

/// Whether the query of a one-query call may see any of the keys [from, from + count).
Halide::Expr is_seen(const Context& context, const Attention& stage, const Halide::Expr& b,
                     const Halide::Expr& from, int count);

}  // namespace attnc
