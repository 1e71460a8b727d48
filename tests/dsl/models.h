// models.h - what users write: named layers, and layers of their own that use every operation.
#pragma once
#include "attn/attn.h"

namespace model {

using attn::Graph;
using attn::Kind;
using attn::Outputs;
using attn::Value;

inline constexpr int line_of_encoder = __LINE__ + 1;
inline constexpr auto encoder = attn::layer(attn::MultiHeadAttention{
    .num_heads = 12,
    .key_dim = 64,
});

inline constexpr auto decoder = attn::layer(attn::MultiHeadAttention{
    .num_heads = 8,
    .key_dim = 16,
    .value_dim = 24,
    .dropout = 0.1f,
    .use_bias = false,
    .output_shape = {6, 8},
    .mask = attn::causal & attn::sliding_window(64),
});

inline constexpr auto grouped = attn::layer(attn::GroupQueryAttention{
    .head_dim = 16,
    .num_query_heads = 6,
    .num_key_value_heads = 2,
    .mask = attn::causal,
});

// Attention alone, on heads as they are given.
inline constexpr auto plain = attn::layer(attn::DotProductAttention{
    .num_query_heads = 8,
    .num_key_value_heads = 2,
    .head_dim = 16,
    .value_dim = 24,
    .mask = attn::causal_from_the_end,
});

// Documents packed into one sequence; the document numbers are passed with each call.
inline constexpr attn::Table document{"document", attn::Type::index};
inline constexpr auto same_document = [](auto at) {
  return document[at.query] == document[at.key];
};

inline constexpr auto packed = attn::layer(attn::MultiHeadAttention{
    .num_heads = 4,
    .key_dim = 32,
    .fully_masked = attn::FullyMasked::zero,
    .mask = same_document,
});

// Talking heads (Shazeer et al. 2020): heads exchange scores before the softmax, and probabilities
// after it.
inline constexpr auto talking = attn::layer([](Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto q = project(query, "query", attn::heads(8, 64));
  const auto k = project(key, "key", attn::heads(8, 64));
  const auto v = project(value, "value", attn::heads(8, 64));
  const auto talked =
      project(scores(q, k) * attn::rsqrt(64), "talking_logits", attn::heads(8), false);
  const auto p = project(softmax(talked, attn::causal), "talking_weights", attn::heads(8), false);
  return project(combine(p, v), "attention_output", features_of(query));
});

// Rotary positions, as an ordinary function: every pair (s, s + size / 2) turns by an angle that
// grows with the position.
constexpr Value rotate(Value x, int size, float base = 10000) {
  const int half = size / 2;
  const auto partner =
      gather(x, [=](auto at) { return where(at.size < half, at.size + half, at.size - half); });
  return map(x, partner, [=](auto a, auto b, auto at) {
    const auto angle = at.position * pow(base, at.size % half * (-2.0f / static_cast<float>(size)));
    return a * cos(angle) + where(at.size < half, -b, b) * sin(angle);
  });
}

struct RotaryAttention {
  int num_heads = 0;
  int size = 0;
  attn::Mask mask = attn::causal;
};
constexpr void check(attn::Diagnostics& diagnostics, const RotaryAttention& d) {
  diagnostics.require<"rotary positions need an even `size`, not {}">(d.size % 2 == 0, d.size);
}
constexpr Outputs build(Graph& g, const RotaryAttention& d) {
  const auto [query, value, key] = g.query_value_key();
  const auto q = project(query, "query", attn::heads(d.num_heads, d.size), false);
  const auto k = project(key, "key", attn::heads(d.num_heads, d.size), false);
  const auto v = project(value, "value", attn::heads(d.num_heads, d.size), false);
  const auto s = scores(rotate(q, d.size), rotate(k, d.size)) * attn::rsqrt(d.size);
  return {.output =
              project(combine(softmax(s, d.mask), v), "attention_output", features_of(query))};
}
inline constexpr auto rotary = attn::layer(RotaryAttention{.num_heads = 32, .size = 128});

// Its own gate: one number per head, from the query. The slopes (ALiBi) are passed with each call.
inline constexpr attn::Table slopes{"slopes"};
inline constexpr auto alibi = [](auto score, auto at) {
  return score + slopes[at.head] * (at.key - at.query);
};
inline constexpr auto gated = attn::layer([](Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto q = project(query, "query", attn::heads(8, 64));
  const auto k = project(key, "key", attn::heads(8, 64));
  const auto v = project(value, "value", attn::heads(8, 64));
  const auto gate = sigmoid(project(query, "head_gate", attn::heads(8)));
  const auto s = apply(attn::softcap(50), apply(alibi, scores(q, k) / 8.0f));
  const auto p = softmax(s, attn::causal_from_the_end & g.mask("value_mask", value));
  return Outputs{.output = project(combine(p, v) * gate, "attention_output", features_of(query)),
                 .attention_scores = p};
});

// Grouped queries over a cache, into which new keys are written.
inline constexpr auto cached = attn::layer([](Graph& g) {
  const auto [query, value, key] = g.query_value_key(Kind::update);
  const auto q = project(query, "query", attn::heads(8, 64));
  const auto k = project(key, "key", attn::heads(2, 64));
  const auto v = project(value, "value", attn::heads(2, 64));
  const auto old = cache_input(g, "cache", attn::heads(2, 64));
  const auto at = g.input("cache_update_index", {}, false, attn::Type::index);
  const auto cache = splice(old, k, v, at);
  const auto s = scores(q, share_heads(keys_of(cache), 8)) * attn::rsqrt(64);
  const auto p = softmax(s, g.mask("attention_mask", s));
  const auto mixed = combine(p, share_heads(values_of(cache), 8));
  return Outputs{.output = project(mixed, "attention_output", features_of(query)),
                 .attention_scores = p,
                 .cache = cache};
});

// Three of eight heads take their probabilities from another layer; the others add a weight that is
// indexed by position.
inline constexpr auto reusing = attn::layer([](Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto bias = g.weight("position_bias", {5, 31});
  const auto q = project(query, "query", attn::heads(5, 16));
  const auto k = project(key, "key", attn::heads(5, 16));
  const auto s = map(scores(q, k), [=](auto x, auto at) {
    return x + bias[at.head][clamp(at.key - at.query + 15, 0, 30)];
  });
  const auto given = g.probabilities("reused_scores", 8, query, value);
  const auto p = concat_heads(softmax(s), first_heads(given, 3));
  const auto v = project(value, "value", attn::heads(8, 16));
  const auto mixed = keep(combine(p, v), g.mask("query_mask", query));
  return Outputs{.output = project(mixed, "attention_output", attn::features(40)),
                 .attention_scores = p};
});

// Additive attention (Luong et al.): tanh of query plus key, weighted and summed.
inline constexpr auto additive = attn::layer([](Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto scale = g.weight("scale"), weight = g.weight("concat_score_weight");
  const auto s = scores(query, key, [=](auto q, auto k) { return tanh(scale * (q + k)); }) * weight;
  const auto p = softmax(s, {}, {attn::FullyMasked::additive, attn::FullyMasked::zero});
  return combine(p, value);
});

// Attention along two axes of an image at once, with a batch axis between them.
inline constexpr auto picture = attn::layer([](Graph& g) {
  const auto [query, value, key] = g.query_value_key({2, 3});
  const auto q = project(query, "query", attn::heads(4, 8));
  const auto k = project(key, "key", attn::heads(4, 8));
  const auto v = project(value, "value", attn::heads(4, 8));
  const auto near = [](auto at) { return abs(at.queries[1] - at.keys[1]) < 3; };
  return project(combine(softmax(scores(q, k), near), v), "attention_output", features_of(query));
});

// The originals that need most of the language: a cache that is extended in place, scores from
// outside under a mask of numbers, additive scores on 16-bit numbers.
inline constexpr auto decoding =
    attn::layer(attn::CachedMultiHeadAttention{.num_heads = 4, .key_dim = 8, .use_gate = true});
inline constexpr auto lazy = attn::layer(attn::ReuseMultiHeadAttention{
    .num_heads = 4,
    .key_dim = 8,
    .reuse_attention = 2,
    .use_relative_pe = true,
    .max_sequence_length = 16,
});
inline constexpr auto luong = attn::layer(attn::Attention{
    .use_scale = true,
    .score_mode = attn::ScoreMode::concat,
    .dtype = attn::DTypePolicy::mixed_bfloat16,
    .size = 8,
    .input_rank = 4,
});

// A window that may also see the first keys, or nothing.
inline constexpr auto streaming = attn::layer(attn::GroupQueryAttention{
    .head_dim = 16,
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .mask = attn::causal & (attn::first_keys(4) | attn::sliding_window(64)),
    .sink = attn::sink("sinks"),
});
inline constexpr auto sigmoids = attn::layer(attn::DotProductAttention{
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .head_dim = 16,
    .mask = attn::causal,
    .score_mod = [](auto score, auto at) { return score - log(at.key_length); },
    .probability = attn::Probability::sigmoid,
});

using layers =
    attn::Layers<encoder, decoder, grouped, plain, packed, talking, rotary, gated, cached, reusing,
                 additive, picture, decoding, lazy, luong, streaming, sigmoids>;

}  // namespace model
