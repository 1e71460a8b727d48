// expect: `max_sequence_length` must be positive, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::ReuseMultiHeadAttention d{
    .num_heads = 8, .key_dim = 64, .use_relative_pe = true, .max_sequence_length = 1};
#else
constexpr attn::ReuseMultiHeadAttention d{
    .num_heads = 8, .key_dim = 64, .use_relative_pe = true, .max_sequence_length = 0};
#endif

inline constexpr auto layer = attn::layer(d);
