// expect: `output_shape` has at most {} numbers, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64, .output_shape = {1, 2, 3, 4}};
#else
constexpr attn::MultiHeadAttention d{
    .num_heads = 8, .key_dim = 64, .output_shape = {1, 2, 3, 4, 5}};
#endif

inline constexpr auto layer = attn::layer(d);
