// expect: a score function makes a number of a score and a position: [](auto score, auto at) { return score / 2; }
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::ScoreMod mod = [](auto score, auto) { return score / 2; };
#else
inline constexpr attn::ScoreMod mod = [](auto score, auto at) { return score < at.key; };
#endif
