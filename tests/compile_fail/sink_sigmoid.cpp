// expect: `sink` joins the sum of a softmax, and sigmoids have no sum: leave out `sink`, or `probability`
#include "attn/attn.h"

#ifdef GOOD
inline constexpr auto how = attn::Probability::softmax;
#else
inline constexpr auto how = attn::Probability::sigmoid;
#endif

inline constexpr auto layer = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 4,
    .sink = attn::sink("sinks"),
    .probability = how,
});
