// attention_operands.h - how attention reads its query, keys and values, and where its result goes.
#pragma once
#include <algorithm>
#include <bit>
#include <functional>
#include <utility>
#include <vector>

#include "halide/context.h"

namespace attnc {

/// The operand, the result and the sizes of a weighted sum of values.
struct Values {
  int value, result, heads, value_heads, value_size, value_size_padded;
};
inline Values values_of(const Attention& s) {
  return {s.value, s.result, s.heads, s.key_heads, s.value_size, s.value_size_padded};
}
inline Values values_of(const Combine& s) {
  return {s.value, s.result, s.heads, s.value_heads, s.value_size, s.value_size_padded};
}

/// The largest power of two that divides n and is at most `most`.
inline int dividing(int n, int most) {
  return std::min(n & -n, static_cast<int>(std::bit_floor(static_cast<unsigned>(most))));
}

/// The largest divisor of n that is at most `most`.
inline int largest_divisor(int n, int most) {
  int divisor = std::min(n, most);
  while (n % divisor != 0) --divisor;
  return divisor;
}

/// Pack keys into panels, and values into rows of whole vectors, where they have layout heads and
/// need it; otherwise they do nothing. Call them before elements are read.
void pack_keys(Context& context, const Attention& stage);
void pack_values(Context& context, const Values& stage);

/// Whether values with layout heads are read where they are: their rows are whole vectors, and
/// nothing has to be converted.
inline bool reads_values_in_place(const Context& context, const Values& values) {
  return values.value_size_padded == values.value_size && context.stored_type() == context.real();
}

/// Whether the query's numbers are scaled where they are read, rather than every score.
inline bool scales_query(const Context& context, const Attention& stage) {
  return context.value(stage.query).layout == Layout::heads && stage.pair.empty();
}
/// Element d of a head of the query, times the scale if scales_query().
Halide::Expr query_element(const Context& context, const Attention& stage, const Halide::Expr& head,
                           const Halide::Expr& d, const Halide::Expr& position,
                           const Halide::Expr& batch);
/// The same for attention in tiles of queries: `at` is the tile's place (query of the tile, then what
/// the tile is of), `element` what query_element gives there. Queries with layout heads are copied
/// into scratch at `level`, so that each is converted and scaled once, and the rows of a tile lie side
/// by side: in the caller's memory they may fall on few sets of the cache. Others are read in place.
class QueryTile {
 public:
  QueryTile(const Context& context, const Attention& stage, std::vector<Halide::Var> at,
            const std::function<Halide::Expr(const Halide::Expr& d)>& element);
  Halide::Expr operator()(const Halide::Expr& d) const;
  void compute_at(const Halide::LoopLevel& level);

 private:
  Halide::Func tile_;  // undefined: read in place
  std::vector<Halide::Var> at_;
  std::function<Halide::Expr(const Halide::Expr& d)> element_;
  int lanes_;
};
/// Element d of a head of the key at lane `lane` of panel `panel`. Panels past the end repeat the
/// last one.
Halide::Expr key_element(const Context& context, const Attention& stage, const Halide::Expr& head,
                         const Halide::Expr& d, const Halide::Expr& panel, const Halide::Expr& lane,
                         const Halide::Expr& batch);
Halide::Expr value_element(const Context& context, const Values& stage, const Halide::Expr& head,
                           const Halide::Expr& x, const Halide::Expr& position,
                           const Halide::Expr& batch);

/// Makes `tile_of`(x, row, tile, head, batch), x < padded value size, the stage's result: an output
/// [batch, query, head, size], or rows for a later stage. Returns the loop level to compute the
/// tile at.
Halide::LoopLevel make_result(Context& context, const Values& stage, const Halide::Func& tile_of,
                              int tile);
/// Schedules `weighted`, a sum over `key` of weighted values, and `tile`, which takes it in
/// register tiles of tile_rows x value_vectors_of(..) and has its loop level already.
void schedule_weighted_sum(const Context& context, const Values& stage, Halide::Func weighted,
                           Halide::Func tile, const Halide::Var& x, const Halide::Var& q,
                           const Halide::RVar& key);
/// [first, end) of the keys that count for tile `query_tile` of the queries of a head.
using VisibleKeys = std::function<std::pair<Halide::Expr, Halide::Expr>(
    const Halide::Expr& query_tile, const Halide::Expr& head, const Halide::Expr& batch)>;
/// Makes the sum of values weighted by `probability`, in tiles of `tile` queries, the stage's
/// result. Keys that are not `visible` are left out, if that is given.
void make_weighted_sum(
    Context& context, const Values& stage, int tile,
    const std::function<Halide::Expr(const Halide::Expr& key, const Halide::Expr& query,
                                     const Halide::Expr& head, const Halide::Expr& batch)>&
        probability,
    const VisibleKeys& visible = {});

}  // namespace attnc
