// layers.h - layers known by name, written on the graph level. Field names and defaults are the
// Python layers' own.
//
//   inline constexpr auto encoder = attn::layer(attn::MultiHeadAttention{
//       .num_heads = 12,
//       .key_dim = 64,
//   });
//
// A layer is a plain struct with two functions: `check` says what its fields may be, `build` what
// it computes. A struct of your own with a `build` is as good as these, and so is a lambda from a
// graph to its outputs. Weights exist in the order in which `build` mentions them: that of
// `get_weights`. Not here: layers other than keras.layers.MultiHeadAttention, and of that one
// attention_axes, sliding_window and use_gate.
#pragma once
#include <optional>

#include "attn/heads.h"
#include "attn/operations.h"

namespace attn {

/// keras.layers.MultiHeadAttention. Inputs: query, value, key (or value), attention_mask (or all),
/// use_causal_mask (or false).
struct MultiHeadAttention {
  int num_heads = 0;
  int key_dim = 0;
  std::optional<int> value_dim{};
  float dropout = 0;
  bool use_bias = true;
  Numbers output_shape{};  // features of the output; empty: as many as the query has
  // beyond Keras
  std::optional<FullyMasked> fully_masked{};
  Mask mask{};

  constexpr int value_size() const { return value_dim.value_or(key_dim); }
  /// Keras takes a fused path where nothing is dropped and no scores are asked for, and its two
  /// paths treat rows without any key differently.
  constexpr Rules rules() const {
    if (fully_masked) return *fully_masked;
    return {dropout > 0 ? FullyMasked::zero : FullyMasked::uniform, FullyMasked::zero};
  }
};

constexpr void check(Sink& s, const MultiHeadAttention& d) {
  s.require(d.num_heads > 0, "`num_heads` must be positive, not {}", d.num_heads);
  s.require(d.key_dim > 0, "`key_dim` must be positive, not {}", d.key_dim);
  s.require(d.value_size() > 0, "`value_dim` must be positive, not {}", d.value_size());
  s.require(d.dropout >= 0 && d.dropout < 1, "`dropout` must be in [0, 1)");
  s.require(d.output_shape.size <= 4, "`output_shape` has at most {} numbers, not {}", 4,
            d.output_shape.size);
  for (int n : d.output_shape) s.require(n > 0, "`output_shape` must be positive, not {}", n);
}

constexpr Outputs build(Graph& g, const MultiHeadAttention& d) {
  const auto [query, value, key] = g.query_value_key();
  const Value q = project(query, "query", heads(d.num_heads, d.key_dim), d.use_bias);
  const Value k = project(key, "key", heads(d.num_heads, d.key_dim), d.use_bias);
  const Value v = project(value, "value", heads(d.num_heads, d.value_size()), d.use_bias);
  const Value s = scores(q, k) * rsqrt(d.key_dim);
  const Mask given = g.mask("attention_mask", s);
  const Mask any_order = !g.flag("use_causal_mask");
  const Value p = softmax(s, d.mask & given & (any_order | causal), d.rules());
  const Value mixed = combine(dropout(p, d.dropout), v);
  const Target out = features(d.output_shape, query);
  return {.output = project(mixed, "attention_output", out, d.use_bias), .attention_scores = p};
}

}  // namespace attn
