// expect: `reuse_attention` must be between -1 and the number of heads ({}), not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::ReuseMultiHeadAttention d{.num_heads = 8, .key_dim = 64, .reuse_attention = 8};
#else
constexpr attn::ReuseMultiHeadAttention d{.num_heads = 8, .key_dim = 64, .reuse_attention = 9};
#endif

inline constexpr auto layer = attn::layer(d);
