// expect: `num_key_value_heads` must be positive, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::GroupQueryAttention d{
    .head_dim = 4,
    .num_query_heads = 4,
    .num_key_value_heads = 4,
};
#else
constexpr attn::GroupQueryAttention d{.head_dim = 4, .num_query_heads = 4};
#endif

inline constexpr auto layer = attn::layer(d);
