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
// `get_weights`. Not here: other Python layers than MultiHeadAttention and GroupQueryAttention, and
// of those attention_axes, sliding_window (the mask says it) and use_gate.
#pragma once
#include <optional>

#include "attn/heads.h"
#include "attn/operations.h"

namespace attn {

/// Keras takes a fused path where nothing is dropped and no scores are asked for, and its two paths
/// treat rows without any key differently.
constexpr Rules keras_rules(const std::optional<FullyMasked>& own, float dropout) {
  if (own) return *own;
  return {dropout > 0 ? FullyMasked::zero : FullyMasked::uniform, FullyMasked::zero};
}

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
  constexpr Rules rules() const { return keras_rules(fully_masked, dropout); }
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

/// keras.layers.GroupQueryAttention: query head u reads key and value head u / (num_query_heads /
/// num_key_value_heads), which are projected once and never repeated. Inputs as
/// MultiHeadAttention's; attention_mask has the query's heads.
struct GroupQueryAttention {
  int head_dim = 0;
  int num_query_heads = 0;
  int num_key_value_heads = 0;
  float dropout = 0;
  bool use_bias = true;
  // beyond Keras
  std::optional<FullyMasked> fully_masked{};
  Mask mask{};

  constexpr Rules rules() const { return keras_rules(fully_masked, dropout); }
};

/// For every layer whose query heads share key and value heads.
constexpr void check_shared_heads(Sink& s, const auto& d) {
  s.require(d.head_dim > 0, "`head_dim` must be positive, not {}", d.head_dim);
  s.require(d.num_query_heads > 0, "`num_query_heads` must be positive, not {}", d.num_query_heads);
  s.require(d.num_key_value_heads > 0, "`num_key_value_heads` must be positive, not {}",
            d.num_key_value_heads);
  s.require(d.num_key_value_heads <= 0 || d.num_query_heads % d.num_key_value_heads == 0,
            "`num_query_heads` must be divisible by `num_key_value_heads`, and {} is not by {}",
            d.num_query_heads, d.num_key_value_heads);
}

constexpr void check(Sink& s, const GroupQueryAttention& d) {
  check_shared_heads(s, d);
  s.require(d.dropout >= 0 && d.dropout < 1, "`dropout` must be in [0, 1)");
}

constexpr Outputs build(Graph& g, const GroupQueryAttention& d) {
  const auto [query, value, key] = g.query_value_key();
  const Target shared = heads(d.num_key_value_heads, d.head_dim);
  const Value q = project(query, "query", heads(d.num_query_heads, d.head_dim), d.use_bias);
  const Value k = project(key, "key", shared, d.use_bias);
  const Value v = project(value, "value", shared, d.use_bias);
  const Value s = scores(q, share_heads(k, d.num_query_heads)) * rsqrt(d.head_dim);
  const Mask given = g.mask("attention_mask", s);
  const Mask any_order = !g.flag("use_causal_mask");
  const Value p = softmax(s, d.mask & given & (any_order | causal), d.rules());
  const Value mixed = combine(dropout(p, d.dropout), share_heads(v, d.num_query_heads));
  return {.output = project(mixed, "attention_output", features_of(query), d.use_bias),
          .attention_scores = p};
}

/// Attention without projections: query, key and value come as heads, [batch, position, head,
/// size], and the output leaves so. Scores are scaled by 1 / sqrt(head_dim). Inputs: query, key,
/// value, attention_mask (or all; axes as the scores'). No Python layer's: names are
/// GroupQueryAttention's.
struct DotProductAttention {
  int num_query_heads = 0;
  int num_key_value_heads = 0;
  int head_dim = 0;
  std::optional<int> value_dim{};
  FullyMasked fully_masked = FullyMasked::zero;
  Mask mask{};

  constexpr int value_size() const { return value_dim.value_or(head_dim); }
};

constexpr void check(Sink& s, const DotProductAttention& d) {
  check_shared_heads(s, d);
  s.require(d.value_size() > 0, "`value_dim` must be positive, not {}", d.value_size());
  for (int size : {d.head_dim, d.value_size()}) {
    s.require(std::int64_t{d.num_query_heads} * size <= Target::max_columns,
              "{} heads of size {} are more than {} numbers a position", d.num_query_heads, size,
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
  const Value s = scores(query, share_heads(key, d.num_query_heads)) * rsqrt(d.head_dim);
  const Value p = softmax(s, d.mask & g.mask("attention_mask", s), d.fully_masked);
  return {.output = combine(p, share_heads(value, d.num_query_heads)), .attention_scores = p};
}

}  // namespace attn
