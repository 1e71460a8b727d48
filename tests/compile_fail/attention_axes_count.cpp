// expect: `attention_axes` names at most {} axes, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64, .attention_axes = {1, 2, 3}};
#else
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64, .attention_axes = {1, 2, 3, 4}};
#endif

inline constexpr auto layer = attn::layer(d);
