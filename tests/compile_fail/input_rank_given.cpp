// expect: `input_rank` must be between 3 and 6 axes where it is given, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{
    .num_heads = 8, .key_dim = 64, .attention_axes = -2, .input_rank = 6};
#else
constexpr attn::MultiHeadAttention d{
    .num_heads = 8, .key_dim = 64, .attention_axes = -2, .input_rank = 7};
#endif

inline constexpr auto layer = attn::layer(d);
