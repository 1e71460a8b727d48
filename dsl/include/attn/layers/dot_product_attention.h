// layers/dot_product_attention.h - attention without projections, on heads.
//
//   inline constexpr auto heads = attn::layer(attn::DotProductAttention{
//       .num_query_heads = 32,
//       .num_key_value_heads = 8,
//       .head_dim = 64,
//   });
//
// Inputs: query, key, value, attention_mask (or all; axes as the scores').
//
// Query, key and value come as heads, [batch, position, head, size], and the output leaves so.
// Scores are scaled by 1 / sqrt(head_dim). There is no such Python layer; argument names are those
// of GroupQueryAttention.
#pragma once
#include "attn/layers/common.h"

namespace attn {

struct DotProductAttention {
  int num_query_heads = 0;
  int num_key_value_heads = 0;
  int head_dim = 0;
  std::optional<int> value_dim{};
  FullyMasked fully_masked = FullyMasked::zero;
  Mask mask{};
  ScoreMod score_mod{};  // applied to scaled scores
  SinkLogit sink{};      // a logit that joins every row's sum, without a value
  Probability probability{};
  DTypePolicy dtype{};

  constexpr int value_size() const { return value_dim.value_or(head_dim); }
};

constexpr void check(Diagnostics& diagnostics, const DotProductAttention& d) {
  check_shared_heads(diagnostics, d);
  check_probability(diagnostics, d);
  diagnostics.require<"`value_dim` must be positive, not {}">(d.value_size() > 0, d.value_size());
  for (int size : {d.head_dim, d.value_size()}) {
    diagnostics.require<"{} heads of size {} are more than {} numbers a position">(
        std::int64_t{d.num_query_heads} * size <= Target::max_columns, d.num_query_heads, size,
        Target::max_columns);
  }
}

constexpr Outputs build(Graph& g, const DotProductAttention& d) {
  const auto rows = [&](Name name, Kind positions, int heads, int size) {
    return g.input(
        name, {{Kind::batch}, {positions}, {Kind::head, 0, -1, heads}, {Kind::size, 0, -1, size}});
  };
  const Value query = rows("query", Kind::query, d.num_query_heads, d.head_dim);
  const Value key = rows("key", Kind::key, d.num_key_value_heads, d.head_dim);
  const Value value = rows("value", Kind::key, d.num_key_value_heads, d.value_size());
  const Value s =
      apply(d.score_mod, scores(query, share_heads(key, d.num_query_heads)) * rsqrt(d.head_dim));
  const Value p = probabilities(d, s, d.mask & g.mask("attention_mask", s), d.fully_masked);
  return {.output = combine(p, share_heads(value, d.num_query_heads)), .attention_scores = p};
}

}  // namespace attn
