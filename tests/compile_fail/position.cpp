// expect: kee
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = [](auto at) { return at.key <= at.query; };
#else
inline constexpr attn::Mask mask = [](auto at) { return at.kee <= at.query; };
#endif
