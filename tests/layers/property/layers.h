// layers.h - the layers of the property test: head sizes around the vector widths, every rule,
// custom masks.
#pragma once
#include "attn/attn.h"

namespace property {

inline constexpr auto one = attn::layer(attn::MultiHeadAttention{.num_heads = 1, .key_dim = 1});
inline constexpr auto odd = attn::layer(attn::MultiHeadAttention{
    .num_heads = 3,
    .key_dim = 5,
    .value_dim = 7,
});
inline constexpr auto wide = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 17,
    .value_dim = 80,
    .use_bias = false,
});
inline constexpr auto usual = attn::layer(attn::MultiHeadAttention{.num_heads = 2, .key_dim = 64});
inline constexpr auto explicit_path = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 16,
    .dropout = 0.25f,
    .output_shape = {3, 5},
});
inline constexpr auto causal_window = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 8,
    .output_shape = 19,
    .fully_masked = attn::FullyMasked::uniform,
    .mask = attn::causal & attn::sliding_window(9),
});
inline constexpr auto from_the_end = attn::layer(attn::MultiHeadAttention{
    .num_heads = 4,
    .key_dim = 12,
    .fully_masked = attn::FullyMasked::zero,
    .mask = attn::causal_from_the_end,
});

inline constexpr auto grouped = attn::layer(attn::GroupQueryAttention{
    .head_dim = 8,
    .num_query_heads = 6,
    .num_key_value_heads = 2,
});
inline constexpr auto one_key_head = attn::layer(attn::GroupQueryAttention{
    .head_dim = 20,
    .num_query_heads = 4,
    .num_key_value_heads = 1,
    .use_bias = false,
});

// Attention on heads as the caller has them: dot_product_test.cpp.
inline constexpr auto heads_of_8 = attn::layer(attn::DotProductAttention{
    .num_query_heads = 4,
    .num_key_value_heads = 4,
    .head_dim = 8,
});
inline constexpr auto heads_of_40 = attn::layer(attn::DotProductAttention{
    .num_query_heads = 6,
    .num_key_value_heads = 2,
    .head_dim = 40,
    .value_dim = 24,
    .mask = attn::causal_from_the_end,
});
inline constexpr auto heads_of_5 = attn::layer(attn::DotProductAttention{
    .num_query_heads = 3,
    .num_key_value_heads = 1,
    .head_dim = 5,
    .value_dim = 7,
    .fully_masked = attn::FullyMasked::uniform,
    .mask = attn::causal,
});
inline constexpr auto heads_of_64 = attn::layer(attn::DotProductAttention{
    .num_query_heads = 16,
    .num_key_value_heads = 2,
    .head_dim = 64,
});

using layers =
    attn::Layers<one, odd, wide, usual, explicit_path, causal_window, from_the_end, grouped,
                 one_key_head, heads_of_8, heads_of_40, heads_of_5, heads_of_64>;

}  // namespace property
