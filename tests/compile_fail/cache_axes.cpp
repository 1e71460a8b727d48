// expect: a cache has one sequence axis: `attention_axes` must be 1 or left out, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::CachedMultiHeadAttention d{.num_heads = 8, .key_dim = 64, .attention_axes = 1};
#else
constexpr attn::CachedMultiHeadAttention d{.num_heads = 8, .key_dim = 64, .attention_axes = 2};
#endif

inline constexpr auto layer = attn::layer(d);
