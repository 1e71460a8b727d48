// expect: the input `[]` has an axis [] of extent {}
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto x = g.probabilities("given", 4, query, key);
#else
  const auto x = g.probabilities("given", -4, query, key);
#endif
  return combine(x, project(value, "value", attn::heads(4, 8)));
});
