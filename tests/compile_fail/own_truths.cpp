// expect: the table `[]` holds truths, and at.own reads numbers
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::TableName table{"mask", attn::Type::real};
#else
constexpr attn::TableName table{"mask", attn::Type::truth};
#endif

inline constexpr attn::ScoreMod mod = [](auto score, auto at) { return score + at.own(table); };
