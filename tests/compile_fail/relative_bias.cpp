// expect: `relative_bias` counts distances up to {}, which is negative
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::ScoreMod mod = attn::relative_bias("bias", 0);
#else
inline constexpr attn::ScoreMod mod = attn::relative_bias("bias", -1);
#endif
