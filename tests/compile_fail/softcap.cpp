// expect: `softcap` bends scores below a positive number
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::ScoreMod mod = attn::softcap(50);
#else
inline constexpr attn::ScoreMod mod = attn::softcap(0);
#endif
