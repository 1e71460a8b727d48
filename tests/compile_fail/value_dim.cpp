// expect: `value_dim` must be positive, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64, .value_dim = 8};
#else
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64, .value_dim = 0};
#endif

inline constexpr auto layer = attn::layer(d);
