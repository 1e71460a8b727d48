// expect: the formula of [] reads `[]` at a real number: an index is whole, and truncate(x) makes one
#include "attn/attn.h"

#ifdef GOOD
inline constexpr auto biased = [](auto x, auto at) {
  return x + attn::Table("bias")[truncate(at.key * 0.5f)];
};
#else
inline constexpr auto biased = [](auto x, auto at) {
  return x + attn::Table("bias")[at.key * 0.5f];
};
#endif

inline constexpr auto layer = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .score_mod = biased,
});
