// register_tile.h - the inner loops of attention's two products: sums that stay in registers.
//
//   score.compute_at(at);
//   schedule_register_tile(score, dot, i, q, d, {.lanes = 16, .vectors = 4, .rows = 4});
//
// Not here: projections (projection.cpp), whose sums have dimensions within their tile.
#pragma once
#include <Halide.h>

#include "plan/plan.h"

namespace attnc {

/// `rows` rows of `vectors` vectors of `lanes` numbers: rows x vectors accumulators.
struct RegisterTile {
  int lanes, vectors, rows;
};

/// The register tile of scores that the schedule has for many rows.
inline RegisterTile score_tile(const Schedule& s, const Attention& stage) {
  return {s.vector, s.vectors_of_scores(!stage.pair.empty()), s.rows_of_scores()};
}

/// Schedules `sum`, a reduction over `k`, and `tile`, which takes it and has its loop level: tiles
/// of rows `row` and columns `x`, each summed with k outermost. `columns` says what happens where
/// tiles do not divide the columns; rows are rounded up.
void schedule_register_tile(Halide::Func tile, Halide::Func sum, const Halide::Var& x,
                            const Halide::Var& row, const Halide::RVar& k, const RegisterTile& size,
                            Halide::TailStrategy columns = Halide::TailStrategy::RoundUp);

}  // namespace attnc
