#pragma once
#include "attn/attn.h"

namespace first {
inline constexpr auto encoder = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .use_bias = false,
});
using layers = attn::Layers<encoder>;
}  // namespace first
