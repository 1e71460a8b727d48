// expect: `t5_bias` has {} buckets of one distance each; its farthest distance must be more than that, not {}
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::ScoreMod mod = attn::t5_bias("bias", true, 32, 9);
#else
inline constexpr attn::ScoreMod mod = attn::t5_bias("bias", true, 32, 8);
#endif
