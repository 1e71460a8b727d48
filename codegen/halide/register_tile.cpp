#include "halide/register_tile.h"

namespace attnc {

using namespace Halide;

void schedule_register_tile(Func tile, Func sum, const Var& x, const Var& row, const RVar& k,
                            const RegisterTile& size, TailStrategy columns) {
  const int lanes = size.lanes;
  Var xo(x.name() + "o"), xi(x.name() + "i"), qo(row.name() + "o"), qi(row.name() + "i");
  tile.split(x, xo, xi, lanes * size.vectors, columns)
      .split(row, qo, qi, size.rows, TailStrategy::RoundUp)
      .reorder(xi, qi, qo, xo)
      .vectorize(xi, lanes)
      .unroll(xi)
      .unroll(qi);
  sum.compute_at(tile, qo).vectorize(x, lanes).unroll(x).unroll(row);
  sum.update().reorder(x, row, k).vectorize(x, lanes).unroll(x).unroll(row);
}

}  // namespace attnc
