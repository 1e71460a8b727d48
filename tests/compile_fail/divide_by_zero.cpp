// expect: the formula of [] divides by zero
#include "attn/attn.h"

#ifdef GOOD
inline constexpr int size = 4;
#else
inline constexpr int size = 0;
#endif

inline constexpr auto layer = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .mask = [](auto at) { return at.query / size == at.key / size; },
});
