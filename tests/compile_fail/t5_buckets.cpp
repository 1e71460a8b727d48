// expect: `t5_bias` needs at least {} buckets, not {}
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::ScoreMod mod = attn::t5_bias("bias", true, 4);
#else
inline constexpr attn::ScoreMod mod = attn::t5_bias("bias", true, 3);
#endif
