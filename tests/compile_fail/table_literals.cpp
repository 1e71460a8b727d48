// expect: the table `[]` is read at literals alone: an index needs a symbol, as in [0 * at.head]
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = [](auto at) { return attn::Table("x")[0 * at.head] < at.key; };
#else
inline constexpr attn::Mask mask = [](auto at) { return attn::Table("x")[0] < at.key; };
#endif
