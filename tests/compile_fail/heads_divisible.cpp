// expect: `num_query_heads` must be divisible by `num_key_value_heads`, and {} is not by {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::GroupQueryAttention d{
    .head_dim = 4,
    .num_query_heads = 6,
    .num_key_value_heads = 3,
};
#else
constexpr attn::GroupQueryAttention d{
    .head_dim = 4,
    .num_query_heads = 6,
    .num_key_value_heads = 4,
};
#endif

inline constexpr auto layer = attn::layer(d);
