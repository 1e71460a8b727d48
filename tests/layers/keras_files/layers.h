// layers.h - the layers of the files in tests/fixtures/keras_files.
#pragma once
#include "attn/attn.h"

namespace files {

inline constexpr auto mha = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .value_dim = 3,
});
inline constexpr auto gqa = attn::layer(attn::GroupQueryAttention{
    .head_dim = 4,
    .num_query_heads = 4,
    .num_key_value_heads = 2,
});
inline constexpr auto cached_mha =
    attn::layer(attn::CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4});
inline constexpr auto reuse = attn::layer(attn::ReuseMultiHeadAttention{
    .num_heads = 3,
    .key_dim = 4,
    .reuse_attention = 1,
    .use_relative_pe = true,
    .max_sequence_length = 5,
});
inline constexpr auto attention = attn::layer(attn::Attention{
    .use_scale = true,
    .score_mode = attn::ScoreMode::concat,
    .size = 6,
});
using layers = attn::Layers<mha, gqa, cached_mha, reuse, attention>;

}  // namespace files
