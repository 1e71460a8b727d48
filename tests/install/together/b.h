#pragma once
#include "attn/attn.h"

namespace second {
inline constexpr auto encoder = attn::layer(attn::MultiHeadAttention{
    .num_heads = 3,
    .key_dim = 8,
    .use_bias = false,
});
using layers = attn::Layers<encoder>;
}  // namespace second
