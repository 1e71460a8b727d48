// errors_layers.h - the layers that the cases of tests/fixtures/common/errors.json call.
#pragma once
#include "attn/attn.h"

namespace errors {

using attn::layer;

inline constexpr auto mha = layer(attn::MultiHeadAttention{.num_heads = 2, .key_dim = 4});
inline constexpr auto mha_flash =
    layer(attn::MultiHeadAttention{.num_heads = 2, .key_dim = 4, .flash_attention = true});
inline constexpr auto cached = layer(attn::CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4});
inline constexpr auto cached_flash =
    layer(attn::CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4, .flash_attention = true});
inline constexpr auto cached_values =
    layer(attn::CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4, .value_dim = 5});
inline constexpr auto grouped =
    layer(attn::GroupQueryAttention{.head_dim = 4, .num_query_heads = 4, .num_key_value_heads = 2});
inline constexpr auto grouped_flash = layer(attn::GroupQueryAttention{
    .head_dim = 4, .num_query_heads = 4, .num_key_value_heads = 2, .flash_attention = true});
inline constexpr auto luong = layer(attn::Attention{.size = 6});
// Query and key have 6 features, value has 7: without a key, the value cannot stand in for it.
inline constexpr auto dot_values = layer(attn::Attention{.size = 6, .value_size = 7});
inline constexpr auto concat_values =
    layer(attn::Attention{.score_mode = attn::ScoreMode::concat, .size = 6, .value_size = 7});
inline constexpr auto reuse_none =
    layer(attn::ReuseMultiHeadAttention{.num_heads = 3, .key_dim = 4});
inline constexpr auto reuse_one =
    layer(attn::ReuseMultiHeadAttention{.num_heads = 3, .key_dim = 4, .reuse_attention = 1});
inline constexpr auto reuse_two =
    layer(attn::ReuseMultiHeadAttention{.num_heads = 3, .key_dim = 4, .reuse_attention = 2});
inline constexpr auto reuse_all =
    layer(attn::ReuseMultiHeadAttention{.num_heads = 3, .key_dim = 4, .reuse_attention = -1});

using layers =
    attn::Layers<mha, mha_flash, cached, cached_flash, cached_values, grouped, grouped_flash, luong,
                 dot_values, concat_values, reuse_none, reuse_one, reuse_two, reuse_all>;

}  // namespace errors
