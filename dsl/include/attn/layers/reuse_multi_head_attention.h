// layers/reuse_multi_head_attention.h - tfm.nlp.layers.ReuseMultiHeadAttention (Model Garden).
//
//   inline constexpr auto lazy = attn::layer(attn::ReuseMultiHeadAttention{
//       .num_heads = 8,
//       .key_dim = 64,
//       .reuse_attention = 6,
//   });
//
// Inputs: query, value, key (or value), attention_mask (or all), reuse_attention_scores (where
// heads are reused).
//
// Bhojanapalli et al. 2021, "Leveraging redundancy in attention with Reuse Transformers": the first
// reuse_attention heads take their probabilities from another layer's scores (-1: all of them); the
// others make their own. reuse_attention_scores has num_heads heads where all are reused; else it
// may have more than are taken, which are the first. attention_scores has the new heads first and
// the reused last, as the original returns them. The mask is one of numbers: (1 - mask) * -1e9 is
// added to a score in float32, so that a row without any key follows the rounding of that sum.
// Weights: [relative_position_embeddings,] query, key, value_reuse, value_new,
// attention_output_reuse, attention_output_new (with a bias only where nothing is reused); those of
// no heads do not exist.
#pragma once
#include "attn/layers/common.h"

namespace attn {

struct ReuseMultiHeadAttention {
  int num_heads = 0;
  int key_dim = 0;
  std::optional<int> value_dim{};
  float dropout = 0;
  int reuse_attention = 0;
  bool use_relative_pe = false;
  int max_sequence_length = 512;  // pe_max_seq_length in the original's code
  bool use_bias = true;
  Numbers output_shape{};
  Numbers attention_axes{};  // counted from the front, as in the original
  DTypePolicy dtype{};
  // beyond Model Garden
  int input_rank = 0;

  constexpr int value_size() const { return value_dim.value_or(key_dim); }
  constexpr int reused() const { return reuse_attention == -1 ? num_heads : reuse_attention; }
};

constexpr void check(Diagnostics& diagnostics, const ReuseMultiHeadAttention& d) {
  diagnostics.require<"`num_heads` must be positive, not {}">(d.num_heads > 0, d.num_heads);
  diagnostics.require<"`key_dim` must be positive, not {}">(d.key_dim > 0, d.key_dim);
  diagnostics.require<"`value_dim` must be positive, not {}">(d.value_size() > 0, d.value_size());
  check_dropout(diagnostics, d.dropout);
  check_shape(diagnostics, d.output_shape);
  check_rank(diagnostics, d.input_rank);
  for (int axis : d.attention_axes) {
    diagnostics.require<"`attention_axes` counts from the front here, not {}">(axis > 0, axis);
  }
  diagnostics.require<"`reuse_attention` must be between -1 and the number of heads ({}), not {}">(
      d.reuse_attention >= -1 && d.reuse_attention <= d.num_heads, d.num_heads, d.reuse_attention);
  diagnostics.require<"`max_sequence_length` must be positive, not {}">(
      !d.use_relative_pe || d.max_sequence_length > 0, d.max_sequence_length);
}

constexpr Outputs build(Graph& g, const ReuseMultiHeadAttention& d) {
  const auto [query, value, key] =
      g.query_value_key(attended(d.attention_axes, d.input_rank), d.input_rank);
  const int reuses = d.reused(), makes = d.num_heads - reuses;
  const bool positions = d.use_relative_pe && makes > 0;
  const int longest = d.max_sequence_length;
  g.require<"`use_relative_pe` needs attention over one axis">(!positions || one_sequence(query));
  const Table embeddings =
      g.weight("relative_position_embeddings", {1, positions ? makes : 0, 2 * longest - 1});

  const Value q = project(query, "query", heads(makes, d.key_dim), d.use_bias);
  const Value k = project(key, "key", heads(makes, d.key_dim), d.use_bias);
  const Value old_v = project(value, "value_reuse", heads(reuses, d.value_size()), d.use_bias);
  const Value new_v = project(value, "value_new", heads(makes, d.value_size()), d.use_bias);

  Value s = scores(q, k) * rsqrt(d.key_dim);
  if (positions) {
    s = map(s, [&](auto x, auto at) {
      const auto offset = clamp(at.key - at.query + (longest - 1), 0, 2 * longest - 2);
      return x + embeddings[0 * at.head][at.head][offset];
    });
  }
  const int masked = makes ? makes : d.num_heads;
  const TableName mask = g.soft_mask(
      "attention_mask", score_axes(query.axes(), {{Kind::head, 0, -1, masked}}, key.axes()));
  const int heads_given = reuses == 0 ? 0 : makes == 0 ? reuses : Graph::any_heads;
  const Value given = g.probabilities("reuse_attention_scores", heads_given, query, key);
  s = map(s, [&](auto x, auto at) { return x + (1.0 - at.own(mask)) * -1e9; });
  const Value p = softmax(s);
  const Value old_p = first_heads(given, reuses);

  const Value old_mixed = combine(dropout(old_p, d.dropout), old_v, query);
  const Value new_mixed = combine(dropout(p, d.dropout), new_v, query);
  const Target out = features(d.output_shape, query);
  const Value old_out = project(old_mixed, "attention_output_reuse", out, d.use_bias);
  const Value new_out = project(new_mixed, "attention_output_new", out, d.use_bias && reuses == 0);
  return {.output = old_out + new_out, .attention_scores = concat_heads(p, old_p)};
}

}  // namespace attn
