// layers.h - the attention of the encoder layers of all-MiniLM-L6-v2: 12 heads of 32, 384 features.
// One description: the six layers differ in their weights alone.
#pragma once
#include "attn/attn.h"

namespace model {

inline constexpr auto encoder = attn::layer(attn::MultiHeadAttention{
    .num_heads = 12,
    .key_dim = 32,
});

using layers = attn::Layers<encoder>;

}  // namespace model
