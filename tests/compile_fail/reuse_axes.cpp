// expect: `attention_axes` counts from the front here, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::ReuseMultiHeadAttention d{
    .num_heads = 8, .key_dim = 64, .attention_axes = 2, .input_rank = 4};
#else
constexpr attn::ReuseMultiHeadAttention d{
    .num_heads = 8, .key_dim = 64, .attention_axes = -2, .input_rank = 4};
#endif

inline constexpr auto layer = attn::layer(d);
