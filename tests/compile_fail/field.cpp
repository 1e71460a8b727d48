// expect: num_head
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64};
#else
constexpr attn::MultiHeadAttention d{.num_head = 8, .key_dim = 64};
#endif

inline constexpr auto layer = attn::layer(d);
