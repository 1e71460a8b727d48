// expect: a mask is a condition on a position: [](auto at) { return at.key <= at.query; }
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = [](auto at) { return at.key <= at.query; };
#else
inline constexpr attn::Mask mask = [](auto at) { return at.key - at.query; };
#endif
