// expect: `[]` makes more than {} numbers a position
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{.num_heads = 4096, .key_dim = 4096};
#else
constexpr attn::MultiHeadAttention d{.num_heads = 4096, .key_dim = 4097};
#endif

inline constexpr auto layer = attn::layer(d);
