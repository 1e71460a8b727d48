// expect: {} heads of size {} are more than {} numbers a position
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::DotProductAttention d{
    .num_query_heads = 4096,
    .num_key_value_heads = 1,
    .head_dim = 4096,
};
#else
constexpr attn::DotProductAttention d{
    .num_query_heads = 4097,
    .num_key_value_heads = 1,
    .head_dim = 4096,
};
#endif

inline constexpr auto layer = attn::layer(d);
