// Two layers in a section .attn, like a file that attn_add_layers() writes.
#include "attn/attn.h"
#include "attn/section.h"

namespace model {
inline constexpr auto encoder =
    attn::layer(attn::MultiHeadAttention{.num_heads = 12, .key_dim = 64});
inline constexpr auto decoder =
    attn::layer(attn::MultiHeadAttention{.num_heads = 4, .key_dim = 8, .use_bias = false});
using layers = attn::Layers<encoder, decoder>;
}  // namespace model

ATTN_SECTION(model::layers)
