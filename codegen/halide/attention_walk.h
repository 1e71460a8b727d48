// attention_walk.h - the runs of keys that a tile of queries walks.
#pragma once
#include <functional>
#include <vector>

#include "halide/context.h"

namespace attnc {

struct Walk {
  // Dimensions of the walk. x: columns of the state; y: cells of a run, less one; z: where the run
  // begins (a cell, or a block of keys).
  Halide::RDom runs;
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
/// The walks of query tile `qt` of a head and a batch, over a state of `columns` columns.
Walks walks_of(const Context& context, const Attention& stage, int columns, const Halide::Var& qt,
               const Halide::Var& h, const Halide::Var& b);

/// Whether any query of a call, the last of which is `last_query`, may see any of the keys
/// [from, from + count).
Halide::Expr is_seen(const Context& context, const Attention& stage, const Halide::Expr& b,
                     const Halide::Expr& last_query, const Halide::Expr& from, int count);

}  // namespace attnc
