// layers/cached_multi_head_attention.h - keras_hub.layers.CachedMultiHeadAttention.
//
//   inline constexpr auto decoder = attn::layer(attn::CachedMultiHeadAttention{
//       .num_heads = 16,
//       .key_dim = 64,
//   });
//
// Inputs: query, value, key (or value), cache, cache_update_index, attention_mask (or all),
// use_causal_mask (or false).
//
// Three modes, by what a call brings:
//   neither cache nor index   attention over the projected keys and values, as MultiHeadAttention
//   cache                     keys and values are the cache's; `value` and `key` are not read
//   cache, cache_update_index new keys and values are written into the cache from that position on
//                             (further back where they would not fit), then all of it is attended
//                             to; the output `cache` is the new cache
// The cache is [batch, 2, position, head, size], keys first. KerasHub copies it in every call; a
// caller who gives input and output `cache` the same memory has it updated in place. The index is
// one for all sequences, or one each: [batch]. Inputs of more axes than three have a cache of
// [batch, 2, all their other axes, head, size]; as in KerasHub, nothing is written into it.
//
// Beyond KerasHub, where attention is over one axis, is use_causal_mask: key <= cache_update_index
// + query, which hides what lies behind the last token written. As in KerasHub, use_gate makes
// weights that nothing reads, and sliding_window is ignored.
#pragma once
#include "attn/layers/common.h"

namespace attn {

struct CachedMultiHeadAttention {
  int num_heads = 0;
  int key_dim = 0;
  std::optional<int> value_dim{};
  float dropout = 0;
  bool use_bias = true;
  Numbers output_shape{};
  Numbers attention_axes{};  // empty: all between the batch and the features
  std::optional<int> sliding_window{};
  std::optional<bool> flash_attention{};
  bool use_gate = false;
  DTypePolicy dtype{};
  // beyond KerasHub
  int input_rank = 0;  // axes of the inputs; 0: as many as `attention_axes` needs, at least 3
  std::optional<FullyMasked> fully_masked{};
  Mask mask{};

  constexpr int value_size() const { return value_dim.value_or(key_dim); }
};

constexpr void check(Diagnostics& diagnostics, const CachedMultiHeadAttention& d) {
  diagnostics.require<"`num_heads` must be positive, not {}">(d.num_heads > 0, d.num_heads);
  diagnostics.require<"`key_dim` must be positive, not {}">(d.key_dim > 0, d.key_dim);
  diagnostics.require<"`value_dim` must be positive, not {}">(d.value_size() > 0, d.value_size());
  check_options(diagnostics, d);
  check_shape(diagnostics, d.output_shape);
  check_rank(diagnostics, d.input_rank);
}

constexpr Outputs build(Graph& g, const CachedMultiHeadAttention& d) {
  const auto [query, value, key] =
      g.query_value_key(attended(d.attention_axes, d.input_rank), d.input_rank, Kind::update);
  const bool fuses = keras_fuses(d.dropout, query);
  const Target keys = heads(d.num_heads, d.key_dim), values = heads(d.num_heads, d.value_size());
  // Keys and values of different sizes do not fit into one cache: only the first mode exists then.
  const bool has_cache = d.key_dim == d.value_size();
  const Value cache = has_cache ? cache_input(g, "cache", keys, value) : nothing;
  // cache_update_index counts positions along one axis.
  const bool has_index = has_cache && value.axes().size == 3;
  const Value index = has_index ? g.index("cache_update_index") : nothing;

  const Value q = project(query, "query", keys, d.use_bias);
  const Value new_k = project(key, "key", keys, d.use_bias);
  if (d.use_gate) project(query, "gate", values, d.use_bias);
  const Value new_v = project(value, "value", values, d.use_bias);
  const Value updated = splice(cache, new_k, new_v, index);
  const Value kept = given(index, updated, cache);
  const Value k = given(cache, keys_of(kept), as_keys(new_k));
  const Value v = given(cache, values_of(kept), as_keys(new_v));

  const Value s = scores(q, k) * keras_scale(d.key_dim);
  Mask visible = d.mask & g.mask("attention_mask", s, keras_reading(fuses));
  if (one_sequence(query)) {
    const Mask any_order = !g.flag("use_causal_mask");
    const Mask not_after = [has_index](auto at) {
      return has_index ? at.key <= at.query + at.own({"cache_update_index", Type::index, true})
                       : at.key <= at.query;
    };
    visible = visible & (any_order | not_after);
  }
  const Value p = softmax(s, visible, keras_rules(d.fully_masked, fuses));
  const Value mixed = combine(dropout(p, d.dropout), v, query);
  const Target out = features(d.output_shape, query);
  return {.output = project(mixed, "attention_output", out, d.use_bias),
          .attention_scores = d.flash_attention.value_or(false) ? nothing : p,
          .cache = given(index, updated),
          .cache_input = cache};
}

}  // namespace attn
