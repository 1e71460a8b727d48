#pragma once
#include "attn/attn.h"

namespace model {

// keras_hub.layers.CachedMultiHeadAttention(num_heads=4, key_dim=16)
inline constexpr auto attention = attn::layer(attn::CachedMultiHeadAttention{
    .num_heads = 4,
    .key_dim = 16,
});
using layers = attn::Layers<attention>;

}  // namespace model
