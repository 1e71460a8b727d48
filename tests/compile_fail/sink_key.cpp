// expect: a sink is one number for a whole row of keys: it can read at.head, at.query and at.batch, and not at.key or at.key_length
#include "attn/attn.h"

#ifdef GOOD
inline constexpr auto own = [](auto at) { return at.query * 0.5f; };
#else
inline constexpr auto own = [](auto at) { return at.key * 0.5f; };
#endif

inline constexpr auto layer = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .sink = own,
});
