// expect: a layer is known to the generator by its name: it must be a variable at namespace scope, in named namespaces, written in ASCII
#include "attn/attn.h"

#ifdef GOOD
namespace model {
#else
namespace {
#endif

inline constexpr auto encoder =
    attn::layer(attn::MultiHeadAttention{.num_heads = 8, .key_dim = 64});
inline constexpr auto layers = attn::Layers<encoder>{};
}  // namespace
