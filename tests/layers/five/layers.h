// layers.h - the layers of the random test of the five: every argument of every layer that affects
// the result, head sizes around the vector widths, each dtype.
#pragma once
#include "attn/attn.h"

namespace five {

using attn::DTypePolicy;

inline constexpr auto gated_window = attn::layer(attn::MultiHeadAttention{
    .num_heads = 3,
    .key_dim = 5,
    .value_dim = 7,
    .sliding_window = 6,
    .use_gate = true,
});
// All heads together have fewer columns than a vector has lanes.
inline constexpr auto gated_narrow = attn::layer(attn::MultiHeadAttention{
    .num_heads = 3,
    .key_dim = 3,
    .value_dim = 4,
    .use_gate = true,
});
inline constexpr auto over_rows = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 8,
    .attention_axes = 1,
    .input_rank = 4,
});
inline constexpr auto over_both = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .output_shape = {3, 2},
    .attention_axes = {3, 1},
    .input_rank = 5,
});
inline constexpr auto flash = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 16,
    .flash_attention = true,
});
inline constexpr auto grouped_gate = attn::layer(attn::GroupQueryAttention{
    .head_dim = 6,
    .num_query_heads = 6,
    .num_key_value_heads = 2,
    .sliding_window = 9,
    .use_gate = true,
});
inline constexpr auto cached = attn::layer(attn::CachedMultiHeadAttention{
    .num_heads = 3,
    .key_dim = 8,
});
inline constexpr auto cached_odd = attn::layer(attn::CachedMultiHeadAttention{
    .num_heads = 2,
    .key_dim = 5,
    .use_bias = false,
    .output_shape = 9,
    .use_gate = true,
});
inline constexpr auto cached_over_both = attn::layer(attn::CachedMultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .value_dim = 5,
    .attention_axes = {3, 1},
});
inline constexpr auto cached_rows = attn::layer(attn::CachedMultiHeadAttention{
    .num_heads = 2,
    .key_dim = 6,
    .attention_axes = 2,
});
inline constexpr auto reuse_none = attn::layer(attn::ReuseMultiHeadAttention{
    .num_heads = 3,
    .key_dim = 4,
    .use_relative_pe = true,
    .max_sequence_length = 6,
});
inline constexpr auto reuse_some = attn::layer(attn::ReuseMultiHeadAttention{
    .num_heads = 5,
    .key_dim = 4,
    .value_dim = 9,
    .reuse_attention = 2,
    .use_relative_pe = true,
    .max_sequence_length = 40,
});
inline constexpr auto reuse_all = attn::layer(attn::ReuseMultiHeadAttention{
    .num_heads = 3,
    .key_dim = 4,
    .reuse_attention = -1,
    .attention_axes = {2, 3},
});
inline constexpr auto luong = attn::layer(attn::Attention{.use_scale = true, .size = 12});
inline constexpr auto luong_flat = attn::layer(attn::Attention{
    .causal = true,
    .size = 5,
    .value_size = 3,
    .input_rank = 2,
});
inline constexpr auto additive = attn::layer(attn::Attention{
    .use_scale = true,
    .score_mode = attn::ScoreMode::concat,
    .size = 6,
    .value_size = 9,
    .input_rank = 4,
});

inline constexpr auto twice = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 6,
    .use_gate = true,
    .dtype = DTypePolicy::float64,
});
inline constexpr auto half = attn::layer(attn::CachedMultiHeadAttention{
    .num_heads = 2,
    .key_dim = 8,
    .dtype = DTypePolicy::float16,
});
inline constexpr auto brain = attn::layer(attn::GroupQueryAttention{
    .head_dim = 16,
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .dtype = DTypePolicy::mixed_bfloat16,
});
inline constexpr auto additive_twice = attn::layer(attn::Attention{
    .score_mode = attn::ScoreMode::concat,
    .dtype = DTypePolicy::float64,
    .size = 6,
});

using layers =
    attn::Layers<gated_window, gated_narrow, over_rows, over_both, flash, grouped_gate, cached,
                 cached_odd, cached_over_both, cached_rows, reuse_none, reuse_some, reuse_all,
                 luong, luong_flat, additive, twice, half, brain, additive_twice>;

}  // namespace five
