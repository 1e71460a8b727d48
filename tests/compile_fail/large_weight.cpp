// expect: the weight `[]` has more than {} elements
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{.num_heads = 4096, .key_dim = 4096, .output_shape = 128};
#else
constexpr attn::MultiHeadAttention d{.num_heads = 4096, .key_dim = 4096, .output_shape = 129};
#endif

inline constexpr auto layer = attn::layer(d);
