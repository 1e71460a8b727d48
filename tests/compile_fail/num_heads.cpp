// expect: `num_heads` must be positive, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64};
#else
constexpr attn::MultiHeadAttention d{.num_heads = 0, .key_dim = 64};
#endif

inline constexpr auto layer = attn::layer(d);
