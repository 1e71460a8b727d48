// layers/multi_head_attention.h - keras.layers.MultiHeadAttention.
//
//   inline constexpr auto encoder = attn::layer(attn::MultiHeadAttention{
//       .num_heads = 12,
//       .key_dim = 64,
//   });
//
// Inputs: query, value, key (or value), attention_mask (or all), query_mask, value_mask, key_mask
// (padding, [batch, position], or none), use_causal_mask (or false). Outputs: output, and
// attention_scores for a caller that asks.
// Weights: query, key, [gate,] value, attention_output, each /kernel and /bias.
//
// Masks are truths of any type: nonzero is visible. Negative and non-finite numbers, which Keras
// casts to true, are refused: a mask to add to scores goes into `score_mod`, or in as `mask == 0`.
// Padding masks, which Keras attaches to tensors (`_keras_mask`), are arguments here. An explicit
// `query_mask`, which Keras's call overwrites, is honoured.
#pragma once
#include "attn/layers/common.h"

namespace attn {

struct MultiHeadAttention {
  int num_heads = 0;
  int key_dim = 0;
  std::optional<int> value_dim{};
  float dropout = 0;
  bool use_bias = true;
  Numbers output_shape{};                 // features of the output; empty: as many as the query has
  Numbers attention_axes{};               // empty: all between the batch and the features
  std::optional<int> sliding_window{};    // keys nearer than this to the query, on both sides
  std::optional<bool> flash_attention{};  // true: scores are never stored, and no output
  bool use_gate = false;
  DTypePolicy dtype{};
  // beyond Keras
  int input_rank = 0;  // axes of the inputs; 0: as many as `attention_axes` needs, at least 3
  std::optional<FullyMasked> fully_masked{};
  Mask mask{};
  ScoreMod score_mod{};  // applied to scaled scores
  SinkLogit sink{};      // a logit that joins every row's sum, without a value
  Probability probability{};

  constexpr int value_size() const { return value_dim.value_or(key_dim); }
};

constexpr void check(Diagnostics& diagnostics, const MultiHeadAttention& d) {
  diagnostics.require<"`num_heads` must be positive, not {}">(d.num_heads > 0, d.num_heads);
  diagnostics.require<"`key_dim` must be positive, not {}">(d.key_dim > 0, d.key_dim);
  diagnostics.require<"`value_dim` must be positive, not {}">(d.value_size() > 0, d.value_size());
  check_options(diagnostics, d);
  check_probability(diagnostics, d);
  check_shape(diagnostics, d.output_shape);
  check_rank(diagnostics, d.input_rank);
}

constexpr Outputs build(Graph& g, const MultiHeadAttention& d) {
  const auto [query, value, key] =
      g.query_value_key(attended(d.attention_axes, d.input_rank), d.input_rank);
  const bool fuses = keras_fuses(d.dropout, query);
  const Target mixes = heads(d.num_heads, d.value_size());
  const Value q = project(query, "query", heads(d.num_heads, d.key_dim), d.use_bias);
  const Value k = project(key, "key", heads(d.num_heads, d.key_dim), d.use_bias);
  const Value gate = d.use_gate ? project(query, "gate", mixes, d.use_bias) : nothing;
  const Value v = project(value, "value", mixes, d.use_bias);
  const Value s = apply(d.score_mod, scores(q, k) * keras_scale(d.key_dim));
  const Mask visible = keras_masks(g, query, key, s, 0, d.sliding_window);
  const Value p = probabilities(d, s, d.mask & visible, keras_rules(d.fully_masked, fuses));
  const Value mixed = gated(combine(dropout(p, d.dropout), v, query), gate);
  const Target out = features(d.output_shape, query);
  return {.output = project(mixed, "attention_output", out, d.use_bias),
          .attention_scores = d.flash_attention.value_or(false) ? nothing : p};
}

}  // namespace attn
