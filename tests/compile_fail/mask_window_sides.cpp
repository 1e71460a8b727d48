// expect: `sliding_window` needs 0 keys or more on either side, not {} before and {} after
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = attn::sliding_window(1, 0);
#else
inline constexpr attn::Mask mask = attn::sliding_window(-1, 0);
#endif
