// attention_walk.h - the runs of keys that a tile of queries walks.
#pragma once
#include <functional>
#include <vector>

#include "halide/context.h"

namespace attnc {

struct Walk {
  Halide::RDom runs;  // y: where one begins, x: how many cells more than one it has
  bool open = false;  // every pair is visible, and every key exists
  int most = 0;       // keys of a run, at most
  /// Where a run begins, and how many keys it has.
  std::function<Halide::Expr(const Halide::Expr& longer, const Halide::Expr& at)> panel;
  std::function<Halide::Expr(const Halide::Expr& longer, const Halide::Expr& at)> count;
};

struct Walks {
  std::vector<Walk> walks;
  std::vector<Halide::Func> kinds;  // of cells and runs: to be computed where a task is
};
/// Of query tile `qt` of a head and a batch.
Walks walks_of(const Context& context, const Attention& stage, const Halide::Var& qt,
               const Halide::Var& h, const Halide::Var& b);

/// Whether a query of a call of one may see keys [from, from + count).
Halide::Expr is_seen(const Context& context, const Attention& stage, const Halide::Expr& b,
                     const Halide::Expr& from, int count);

}  // namespace attnc
