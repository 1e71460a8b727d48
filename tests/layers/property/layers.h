// layers.h - what the property test runs: head sizes around the vector widths, every rule, own masks.
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

using layers = attn::Layers<one, odd, wide, usual, explicit_path, causal_window, from_the_end>;

}  // namespace property
