// expect: the weight `[]` has an axis [] of extent {}: at most {}
#include "attn/attn.h"

#ifdef GOOD
constexpr int length = 1 << 24;
#else
constexpr int length = (1 << 24) + 1;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto bias = g.weight("bias", {length});
  const auto s = map(scores(query, key), [&](auto x, auto at) { return x + bias[at.key]; });
  return combine(softmax(s), value);
});
