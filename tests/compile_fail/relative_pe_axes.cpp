// expect: `use_relative_pe` needs attention over one axis
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::ReuseMultiHeadAttention d{
    .num_heads = 8, .key_dim = 64, .use_relative_pe = true, .attention_axes = 2};
#else
constexpr attn::ReuseMultiHeadAttention d{
    .num_heads = 8, .key_dim = 64, .use_relative_pe = true, .attention_axes = {1, 2}};
#endif

inline constexpr auto layer = attn::layer(d);
