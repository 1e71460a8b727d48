// expect: a sink is a number for every row of scores: [](auto at) { return sinks[at.head]; }
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::SinkLogit sink = [](auto at) { return at.head * 0.5f; };
#else
inline constexpr attn::SinkLogit sink = [](auto score, auto) { return score; };
#endif
