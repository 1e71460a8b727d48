// expect: `prefix_lm` needs a prefix of 0 keys or more, not {}
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = attn::prefix_lm(0);
#else
inline constexpr attn::Mask mask = attn::prefix_lm(-1);
#endif
