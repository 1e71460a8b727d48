// expect: `sliding_window` needs attention over one axis
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{
    .num_heads = 8, .key_dim = 64, .attention_axes = {2}, .sliding_window = 3};
#else
constexpr attn::MultiHeadAttention d{
    .num_heads = 8, .key_dim = 64, .attention_axes = {1, 2}, .sliding_window = 3};
#endif

inline constexpr auto layer = attn::layer(d);
