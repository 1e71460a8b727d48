// expect: `dropout` must be in [0, 1]
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64, .dropout = 0.1f};
#else
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64, .dropout = 1.5f};
#endif

inline constexpr auto layer = attn::layer(d);
