// expect: attention is over at most {} axes: at.queries and at.keys have no [{}]
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = [](auto at) { return at.queries[2] == at.keys[2]; };
#else
inline constexpr attn::Mask mask = [](auto at) { return at.queries[3] == at.keys[2]; };
#endif
