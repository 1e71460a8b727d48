// expect: `sliding_window` must be positive, not {}
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = attn::sliding_window(1);
#else
inline constexpr attn::Mask mask = attn::sliding_window(0);
#endif
