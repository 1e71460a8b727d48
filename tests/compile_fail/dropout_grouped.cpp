// expect: `dropout` must be in [0, 1]
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::GroupQueryAttention d{
    .head_dim = 4,
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .dropout = 0.5f,
};
#else
constexpr attn::GroupQueryAttention d{
    .head_dim = 4,
    .num_query_heads = 4,
    .num_key_value_heads = 2,
    .dropout = 1.5f,
};
#endif

inline constexpr auto layer = attn::layer(d);
