// expect: `first_keys` needs a positive number, not {}
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = attn::first_keys(1);
#else
inline constexpr attn::Mask mask = attn::first_keys(0);
#endif
