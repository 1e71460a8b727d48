// expect: `size` must be positive, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::Attention d{.size = 8};
#else
constexpr attn::Attention d{.size = 0};
#endif

inline constexpr auto layer = attn::layer(d);
