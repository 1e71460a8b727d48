// expect: the formula of [] reads its [] along axis {} of attention, and there are fewer: `attention_axes` names them
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Numbers axes = {1, 2};
#else
inline constexpr attn::Numbers axes = 1;
#endif

inline constexpr auto layer = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .attention_axes = axes,
    .mask = attn::neighbourhood(1, 2),
});
