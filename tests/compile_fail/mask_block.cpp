// expect: `same_block` needs a positive size, not {}
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = attn::same_block(1);
#else
inline constexpr attn::Mask mask = attn::same_block(0);
#endif
