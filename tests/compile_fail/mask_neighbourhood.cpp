// expect: `neighbourhood` needs distances of 0 or more, not {} rows and {} columns
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = attn::neighbourhood(0, 0);
#else
inline constexpr attn::Mask mask = attn::neighbourhood(-1, 2);
#endif
