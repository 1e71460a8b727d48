// attention_block.h - one run of keys of one tile of queries.
#pragma once
#include <vector>

#include "halide/attention_operands.h"
#include "halide/attention_scores.h"
#include "halide/attention_walk.h"
#include "halide/lane_fold.h"
#include "halide/register_tile.h"

namespace attnc {

/// The dimensions of a run's weighted sum: column of the values, query of the tile, the run (its
/// length and place, as in Walk::runs), tile, head, batch. Other Funcs have a key or a lane of the
/// run in place of x, or no such dimension.
struct BlockVars {
  Halide::Var x, q, longer, of, qt, h, b;
};

/// What the rows of a tile are, and where their keys and values are read: rows have index
/// `qt * query_tile + q` of BlockVars.
struct BlockRows {
  Halide::Expr head, query;  // of a row; past the last row, those of one that exists
  std::function<Halide::Expr(const Halide::Expr& d)> query_number;
  std::function<Halide::Expr(const Halide::Expr& d, const Halide::Expr& panel,
                             const Halide::Expr& lane)>
      key_number;
  std::function<Halide::Expr(const Halide::Expr& x, const Halide::Expr& position)> value_number;
};

struct BlockFuncs {
  Halide::Func dot, score;
  LaneFold maximum;
  Halide::Func p, lane_sum, weighted;
  std::vector<MaskTile> masks;
  Halide::Var i, lane;
  Halide::RDom d, v, k;
};
BlockFuncs block_of(const Context& context, const Attention& stage, const Walk& walk,
                    const BlockVars& vars, const BlockRows& rows);
/// Schedules all but lane_sum at `at`, with scores in such register tiles. lane_sum has the sum of
/// every lane's exponentials; it is computed where the caller folds it.
void schedule_block(const Context& context, const Attention& stage, BlockFuncs& block,
                    const Walk& walk, const BlockVars& vars, const RegisterTile& scores,
                    const Halide::LoopLevel& at);

}  // namespace attnc
