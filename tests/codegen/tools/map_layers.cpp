// Layers whose maps are shown, in a section .attn, like a file that attn_add_layers() writes.
#include "attn/attn.h"
#include "attn/section.h"

namespace model {
inline constexpr auto documents = attn::layer(attn::DotProductAttention{
    .num_query_heads = 2,
    .num_key_value_heads = 2,
    .head_dim = 8,
    .mask = attn::causal & attn::same_document("document"),
});
inline constexpr auto image = attn::layer(attn::MultiHeadAttention{
    .num_heads = 2,
    .key_dim = 8,
    .attention_axes = {1, 2},
    .input_rank = 4,
    .mask = attn::neighbourhood(1, 2),
});
inline constexpr auto plain = attn::layer(attn::DotProductAttention{
    .num_query_heads = 2,
    .num_key_value_heads = 2,
    .head_dim = 8,
});
using layers = attn::Layers<documents, image, plain>;
}  // namespace model

ATTN_SECTION(model::layers)
