// expect: `dropout` is not supported with `flash_attention`: set it to 0
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64, .flash_attention = true};
#else
constexpr attn::MultiHeadAttention d{
    .num_heads = 8, .key_dim = 64, .dropout = 0.5f, .flash_attention = true};
#endif

inline constexpr auto layer = attn::layer(d);
