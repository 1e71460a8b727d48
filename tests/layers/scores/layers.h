// layers.h - score functions and masks that read tables of the call, on every layer that has them.
#pragma once
#include "attn/attn.h"

namespace scored {

using attn::DTypePolicy;

inline constexpr attn::Table bias{"bias"}, gain{"gain"}, slopes{"slopes"}, strength{"strength"};
inline constexpr attn::Table document{"document", attn::Type::index};
inline constexpr attn::Table group{"group", attn::Type::index};
inline constexpr attn::Table window{"window", attn::Type::index};
inline constexpr attn::TruthTable seen{"seen"};

inline constexpr auto capped = attn::layer(attn::MultiHeadAttention{
    .num_heads = 3,
    .key_dim = 5,
    .mask = attn::causal,
    .score_mod = [](auto score,
                    auto at) { return attn::softcap(2)(attn::alibi(slopes)(score, at), at); },
});
// A bias for each key of a sequence, as many as the call has keys.
inline constexpr auto of_keys = attn::layer(attn::DotProductAttention{
    .num_query_heads = 6,
    .num_key_value_heads = 2,
    .head_dim = 12,
    .score_mod = [](auto score, auto at) { return score + bias[at.batch][at.key]; },
});
inline constexpr auto relative = attn::layer(attn::DotProductAttention{
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .head_dim = 16,
    .mask = attn::causal_from_the_end,
    .score_mod = attn::relative_bias("bias", 9),
});
inline constexpr auto t5 = attn::layer(attn::GroupQueryAttention{
    .head_dim = 6,
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .score_mod = attn::t5_bias("bias"),
});
inline constexpr auto t5_decoder = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 8,
    .dtype = DTypePolicy::float64,
    .mask = attn::causal,
    .score_mod = attn::t5_bias("bias", false, 12, 40),
});
inline constexpr auto documents = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 7,
    .mask = [](auto at) { return document[at.batch][at.query] == document[at.batch][at.key]; },
});
// A mask that reads one table at an index from another, and a window that comes with the call.
inline constexpr auto groups = attn::layer(attn::DotProductAttention{
    .num_query_heads = 2,
    .num_key_value_heads = 2,
    .head_dim = 8,
    .mask =
        [](auto at) {
          return seen[group[at.query]][group[at.key]] & (abs(at.query - at.key) < window);
        },
});
inline constexpr auto functions = attn::layer(attn::GroupQueryAttention{
    .head_dim = 8,
    .num_query_heads = 3,
    .num_key_value_heads = 1,
    .score_mod =
        [](auto score, auto at) {
          const auto angle = (at.query - at.key) * 0.125f;  // exact at any distance
          const auto x = attn::temperature_per_head("temperature")(score, at);
          return x * cos(angle) + sin(score) - exp(-abs(x)) + log(1 + abs(score)) +
                 pow(1.25f, at.key % 8) * 0.25f + pow(0.5f + abs(x), 0.5f);  // no root near zero
        },
});
inline constexpr auto functions_twice = attn::layer(attn::DotProductAttention{
    .num_query_heads = 3,
    .num_key_value_heads = 1,
    .head_dim = 5,
    .score_mod =
        [](auto score, auto at) {
          const auto angle = (at.query - at.key) * 0.1f;
          return score * strength * cos(angle) + sin(score) - log(1 + abs(score)) +
                 pow(1.25f, at.key % 8);
        },
    .dtype = DTypePolicy::float64,
});
// Remainders of real numbers of both signs, all exact; plain x86-64 has no rounding instruction.
inline constexpr auto remainders = attn::layer(attn::DotProductAttention{
    .num_query_heads = 2,
    .num_key_value_heads = 1,
    .head_dim = 4,
    .mask = [](auto at) { return (at.key * 0.75f) % 2.5f < 2; },
    .score_mod = [](auto score, auto at) { return score + ((at.query - at.key) * 0.75f) % 2.5f; },
});
inline constexpr auto half = attn::layer(attn::DotProductAttention{
    .num_query_heads = 4,
    .num_key_value_heads = 4,
    .head_dim = 8,
    .score_mod = attn::alibi("slopes"),
    .dtype = DTypePolicy::float16,
});
// Tables in the function that computes a score from query and key, and on heads and features.
inline constexpr auto elsewhere = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto gained = map(query, [](auto x, auto at) { return x * gain[at.feature]; });
  const auto q = project(gained, "query", attn::heads(2, 6));
  const auto k = project(key, "key", attn::heads(2, 6));
  const auto v = project(value, "value", attn::heads(2, 6));
  const auto s =
      scores(q, k, [](auto a, auto b, auto at) { return a * b * (1 + bias[at.head][at.key]); });
  const auto mixed = map(combine(softmax(s), v), [](auto x, auto at) {
    return x * slopes[at.head] + strength * gain[at.size + at.query];
  });
  return project(mixed, "output", features_of(query));
});

using layers = attn::Layers<capped, of_keys, t5, t5_decoder, documents, groups, functions,
                            functions_twice, half, elsewhere>;
// Without kernels for one query and for few: these compute formulas as the ones for many do, which
// the layers above show.
using long_layers = attn::Layers<relative, remainders>;

}  // namespace scored
