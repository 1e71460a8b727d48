#pragma once
#include "attn/attn.h"

namespace model {

// tfm.nlp.layers.ReuseMultiHeadAttention(num_heads=3, key_dim=4, reuse_attention=1,
//                                        use_relative_pe=True, pe_max_seq_length=5)
inline constexpr auto partly = attn::layer(attn::ReuseMultiHeadAttention{
    .num_heads = 3,
    .key_dim = 4,
    .reuse_attention = 1,
    .use_relative_pe = true,
    .max_sequence_length = 5,
});
// All heads reused: no query, no key, no softmax.
inline constexpr auto wholly = attn::layer(attn::ReuseMultiHeadAttention{
    .num_heads = 3,
    .key_dim = 4,
    .reuse_attention = -1,
});
using layers = attn::Layers<partly, wholly>;

}  // namespace model
