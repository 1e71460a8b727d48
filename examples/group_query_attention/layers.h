#pragma once
#include "attn/attn.h"

namespace model {

// keras.layers.GroupQueryAttention(head_dim=4, num_query_heads=4, num_key_value_heads=2)
inline constexpr auto attention = attn::layer(attn::GroupQueryAttention{
    .head_dim = 4,
    .num_query_heads = 4,
    .num_key_value_heads = 2,
});
using layers = attn::Layers<attention>;

}  // namespace model
