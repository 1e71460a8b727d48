// expect: the table `[]` has at most {} indices
#include "attn/attn.h"

#ifdef GOOD
inline constexpr auto biased = [](auto x, auto at) {
  return x + attn::Table("bias")[at.batch][at.head][at.query][at.key];
};
#else
inline constexpr auto biased = [](auto x, auto at) {
  return x + attn::Table("bias")[at.batch][at.head][at.query][at.key][0];
};
#endif

inline constexpr auto layer = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .score_mod = biased,
});
