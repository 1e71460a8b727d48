// expect: `num_query_heads` must be positive, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::DotProductAttention d{
    .num_query_heads = 2,
    .num_key_value_heads = 2,
    .head_dim = 4,
};
#else
constexpr attn::DotProductAttention d{
    .num_query_heads = 0,
    .num_key_value_heads = 2,
    .head_dim = 4,
};
#endif

inline constexpr auto layer = attn::layer(d);
