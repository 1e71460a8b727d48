// expect: a formula needs a symbol: this operation has only literals or tables without an index
#include "attn/attn.h"

#ifdef GOOD
inline constexpr auto f = [](auto score, auto) { return score + 2; };
#else
inline constexpr auto f = [](auto score, auto) { return score + (attn::Number(1) + 2); };
#endif

inline constexpr attn::ScoreMod mod = f;
