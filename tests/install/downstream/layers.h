#pragma once
#include "attn/attn.h"

namespace model {
inline constexpr auto encoder = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 8,
});
using layers = attn::Layers<encoder>;
}  // namespace model
