// expect: a formula has no value while it is traced: write where(condition, a, b) instead of `if` or `?:`, and `&`, `|` instead of `&&`, `||`
#include "attn/attn.h"

#ifdef GOOD
inline constexpr auto f = [](auto score, auto at) {
  return where(at.key < at.query, score, score * 2);
};
#else
inline constexpr auto f = [](auto score, auto at) { return at.key < at.query ? score : score * 2; };
#endif

inline constexpr attn::ScoreMod mod = f;
