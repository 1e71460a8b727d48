// expect: `output_shape` must be positive, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64, .output_shape = {4, 4}};
#else
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64, .output_shape = {4, 0}};
#endif

inline constexpr auto layer = attn::layer(d);
