// expect: `value_dim` must be positive, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::DotProductAttention d{
    .num_query_heads = 2,
    .num_key_value_heads = 2,
    .head_dim = 4,
    .value_dim = 3,
};
#else
constexpr attn::DotProductAttention d{
    .num_query_heads = 2,
    .num_key_value_heads = 2,
    .head_dim = 4,
    .value_dim = 0,
};
#endif

inline constexpr auto layer = attn::layer(d);
