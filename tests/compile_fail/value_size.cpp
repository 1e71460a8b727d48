// expect: `value_size` must be positive, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::Attention d{.size = 8, .value_size = 1};
#else
constexpr attn::Attention d{.size = 8, .value_size = -1};
#endif

inline constexpr auto layer = attn::layer(d);
