// expect: `fully_masked` is additive, which is a rule of softmax: sigmoids of rows without any key are zero
#include "attn/attn.h"

#ifdef GOOD
inline constexpr auto rule = attn::FullyMasked::uniform;
#else
inline constexpr auto rule = attn::FullyMasked::additive;
#endif

inline constexpr auto layer = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .fully_masked = rule,
    .probability = attn::Probability::sigmoid,
});
