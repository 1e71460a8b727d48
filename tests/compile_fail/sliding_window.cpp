// expect: `sliding_window` must be positive where it is given, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64, .sliding_window = 1};
#else
constexpr attn::MultiHeadAttention d{.num_heads = 8, .key_dim = 64, .sliding_window = 0};
#endif

inline constexpr auto layer = attn::layer(d);
