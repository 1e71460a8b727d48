#pragma once
#include "attn/attn.h"

namespace model {

// keras.layers.Attention(use_scale=True, score_mode="concat")
inline constexpr auto attention = attn::layer(attn::Attention{
    .use_scale = true,
    .score_mode = attn::ScoreMode::concat,
    .size = 6,  // features of query and value, which Keras reads from its first call
});
using layers = attn::Layers<attention>;

}  // namespace model
