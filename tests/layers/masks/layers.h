// layers.h - every named mask and some of their compositions, sinks and sigmoids, on the layers
// that have them.
#pragma once
#include "attn/attn.h"

namespace masked {

using attn::DTypePolicy;

// ---- distance

inline constexpr auto either_side = attn::layer(attn::DotProductAttention{
    .num_query_heads = 3,
    .num_key_value_heads = 3,
    .head_dim = 7,
    .mask = attn::sliding_window(5, 2),
});
inline constexpr auto streaming = attn::layer(attn::GroupQueryAttention{
    .head_dim = 6,
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .mask = attn::causal & (attn::first_keys(4) | attn::sliding_window(9)),
});
inline constexpr auto not_near = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 5,
    .mask = attn::causal & (attn::first_keys(3) | !attn::sliding_window(17)),
});
inline constexpr auto dilated = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 8,
    .mask = attn::causal & attn::dilated(3),
});
inline constexpr auto blocks = attn::layer(attn::DotProductAttention{
    .num_query_heads = 2,
    .num_key_value_heads = 1,
    .head_dim = 9,
    .mask = attn::same_block(70) & attn::sliding_window(40),
});
// A few positions that see all and that all see, a window, and every 32nd position. (BigBird draws
// its distant keys at random; here they are regular.)
inline constexpr attn::Mask first_queries = [](auto at) { return at.query < 2; };
inline constexpr auto bigbird = attn::layer(attn::DotProductAttention{
    .num_query_heads = 4,
    .num_key_value_heads = 4,
    .head_dim = 8,
    .mask = first_queries | attn::first_keys(2) | attn::sliding_window(3) | attn::dilated(32),
    .dtype = DTypePolicy::float16,
});
// The same in other words, which attnc still recognises.
inline constexpr auto raw = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .mask = [](auto at) { return (at.query < at.key + 40) & !(at.key > at.query); },
});
// A remainder of the key's position alone, whose period divides the vectors of a kernel.
inline constexpr auto even_keys = attn::layer(attn::DotProductAttention{
    .num_query_heads = 2,
    .num_key_value_heads = 2,
    .head_dim = 8,
    .mask = [](auto at) { return at.key % 2 == 0; },
});
// Half of the heads look far.
inline constexpr auto by_head = attn::layer(attn::DotProductAttention{
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .head_dim = 8,
    .mask =
        [](auto at) {
          return (at.key <= at.query) & ((at.head % 2 == 0) | (at.query - at.key < 8));
        },
});
// Bounds that differ by head, also in calls with one query, where several heads share a task.
inline constexpr auto far_heads = attn::layer(attn::DotProductAttention{
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .head_dim = 8,
    .mask = [](auto at) { return abs(at.query - at.key) < 3 + 5 * at.head; },
});

// ---- tables

inline constexpr auto prefix = attn::layer(attn::MultiHeadAttention{
    .num_heads = 3,
    .key_dim = 4,
    .mask = attn::prefix_lm(6),
});
inline constexpr auto prefixes = attn::layer(attn::DotProductAttention{
    .num_query_heads = 2,
    .num_key_value_heads = 2,
    .head_dim = 5,
    .mask = attn::prefix_lm("prefix"),
    .dtype = DTypePolicy::float64,
});
inline constexpr auto documents = attn::layer(attn::DotProductAttention{
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .head_dim = 8,
    .mask = attn::causal & attn::same_document("document"),
});
inline constexpr auto padded = attn::layer(attn::GroupQueryAttention{
    .head_dim = 4,
    .num_query_heads = 3,
    .num_key_value_heads = 1,
    .fully_masked = attn::FullyMasked::uniform,
    .mask = attn::padding("lengths"),
});
inline constexpr auto drafts = attn::layer(attn::DotProductAttention{
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .head_dim = 8,
    .mask = attn::tree("enter", "leave"),
});

// ---- two dimensions

inline constexpr auto neighbourhood = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .attention_axes = {1, 2},
    .mask = attn::neighbourhood(2, 1),
});
// Every pixel sees those before it, row by row; here columns are the first axis.
inline constexpr auto raster = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 5,
    .attention_axes = {2, 1},
    .mask =
        [](auto at) {
          return (at.keys[1] < at.queries[1]) |
                 ((at.keys[1] == at.queries[1]) & (at.keys[0] <= at.queries[0]));
        },
    .sink = attn::sink("sinks"),
});

// ---- sinks

inline constexpr auto sinks = attn::layer(attn::MultiHeadAttention{
    .num_heads = 3,
    .key_dim = 5,
    .sink = attn::sink("sinks"),
});
inline constexpr auto sinks_of_halves = attn::layer(attn::DotProductAttention{
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .head_dim = 8,
    .mask = attn::causal & attn::sliding_window(20),
    .sink = attn::sink("sinks"),
    .dtype = DTypePolicy::bfloat16,
});
// A softmax that may sum to less than one, because of a sink of zero.
inline constexpr auto quiet = attn::layer(attn::DotProductAttention{
    .num_query_heads = 2,
    .num_key_value_heads = 2,
    .head_dim = 6,
    .fully_masked = attn::FullyMasked::uniform,
    .mask = attn::causal_from_the_end,
    .sink = [](auto) { return 0.0f; },
});
inline constexpr attn::Table sinks_of_batch{"sinks"};
inline constexpr auto sinks_of_queries = attn::layer(attn::GroupQueryAttention{
    .head_dim = 4,
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .mask = attn::sliding_window(0, 30),
    .sink = [](auto at) { return sinks_of_batch[at.batch][at.head] - 0.01f * at.query; },
});

// ---- sigmoids

inline constexpr auto sigmoid = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 6,
    .mask = attn::causal,
    .probability = attn::Probability::sigmoid,
});
// As in the paper: minus the logarithm of the number of keys.
inline constexpr auto sigmoid_of_lengths = attn::layer(attn::DotProductAttention{
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .head_dim = 8,
    .mask = attn::sliding_window(30),
    .score_mod = [](auto score, auto at) { return score - log(at.key_length); },
    .probability = attn::Probability::sigmoid,
    .dtype = DTypePolicy::float64,
});

// A hash of the position, which overflows 32 bits from query 215 on, and in tiles that end beyond
// the last query.
inline constexpr auto hashed = attn::layer(attn::DotProductAttention{
    .num_query_heads = 2,
    .num_key_value_heads = 1,
    .head_dim = 4,
    .mask = [](auto at) { return (at.query * 10000019 + at.key * 7919) % 64 < 8; },
});

using layers = attn::Layers<streaming, not_near, dilated, bigbird, raw, by_head, far_heads, hashed,
                            prefix, documents, padded, drafts, neighbourhood, raster, sinks,
                            sinks_of_halves, sinks_of_queries, sigmoid, sigmoid_of_lengths>;
// Without kernels for one query and for few: these read masks as the ones for many do, which the
// layers above show.
using long_layers = attn::Layers<either_side, blocks, even_keys, prefixes, quiet>;

}  // namespace masked
