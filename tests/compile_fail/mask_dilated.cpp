// expect: `dilated` needs a positive step, not {}
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = attn::dilated(1);
#else
inline constexpr attn::Mask mask = attn::dilated(0);
#endif
