// layers/group_query_attention.h - keras.layers.GroupQueryAttention.
//
//   inline constexpr auto decoder = attn::layer(attn::GroupQueryAttention{
//       .head_dim = 64,
//       .num_query_heads = 32,
//       .num_key_value_heads = 8,
//   });
//
// Inputs: query, value, key (or value), attention_mask (or all; it has the query's heads),
// query_mask, value_mask, key_mask (padding, [batch, position], or none), use_causal_mask (or
// false). Outputs: as MultiHeadAttention.
//
// Query head u reads key and value head u / (num_query_heads / num_key_value_heads), which are
// projected once and never repeated.
#pragma once
#include "attn/layers/common.h"

namespace attn {

struct GroupQueryAttention {
  int head_dim = 0;
  int num_query_heads = 0;
  int num_key_value_heads = 0;
  float dropout = 0;
  bool use_bias = true;
  std::optional<int> sliding_window{};
  std::optional<bool> flash_attention{};
  bool use_gate = false;
  DTypePolicy dtype{};
  // beyond Keras
  std::optional<FullyMasked> fully_masked{};
  Mask mask{};
  ScoreMod score_mod{};  // applied to scaled scores
  SinkLogit sink{};      // a logit that joins every row's sum, without a value
  Probability probability{};
};

constexpr void check(Diagnostics& diagnostics, const GroupQueryAttention& d) {
  check_shared_heads(diagnostics, d);
  check_options(diagnostics, d);
  check_probability(diagnostics, d);
}

constexpr Outputs build(Graph& g, const GroupQueryAttention& d) {
  const auto [query, value, key] = g.query_value_key();
  const bool fuses = keras_fuses(d.dropout, query);
  const Target own = heads(d.num_query_heads, d.head_dim),
               shared = heads(d.num_key_value_heads, d.head_dim);
  const Value q = project(query, "query", own, d.use_bias);
  const Value k = project(key, "key", shared, d.use_bias);
  const Value gate = d.use_gate ? project(query, "gate", own, d.use_bias) : nothing;
  const Value v = project(value, "value", shared, d.use_bias);
  const Value s =
      apply(d.score_mod, scores(q, share_heads(k, d.num_query_heads)) * keras_scale(d.head_dim));
  // Keras casts the mask to bool only where another one joins it.
  const Mask visible =
      keras_masks(g, query, key, s, keras_reading(fuses) | only_mask, d.sliding_window);
  const Value p = probabilities(d, s, d.mask & visible, keras_rules(d.fully_masked, fuses));
  const Value mixed =
      gated(combine(dropout(p, d.dropout), share_heads(v, d.num_query_heads)), gate);
  return {.output = project(mixed, "attention_output", features_of(query), d.use_bias),
          .attention_scores = d.flash_attention.value_or(false) ? nothing : p};
}

}  // namespace attn
