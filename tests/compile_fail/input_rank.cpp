// expect: `input_rank` must be between 2 and 6 axes, not {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::Attention d{.size = 8, .input_rank = 6};
#else
constexpr attn::Attention d{.size = 8, .input_rank = 1};
#endif

inline constexpr auto layer = attn::layer(d);
