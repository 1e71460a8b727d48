// expect: the table `[]` holds truths: declare it as attn::TruthTable, not attn::Table
#include "attn/attn.h"

#ifdef GOOD
inline constexpr attn::Mask mask = [](auto at) { return attn::TruthTable("seen")[at.key]; };
#else
inline constexpr attn::Mask mask = [](auto at) {
  return attn::Table("seen", attn::Type::truth)[at.key] == 1;
};
#endif
