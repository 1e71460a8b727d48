// expect: the output `[]` has as many heads as a call brings: []
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto x = g.probabilities("given", attn::Graph::any_heads, query, key);
#ifdef GOOD
  return first_heads(x, 4);
#else
  return x;
#endif
});
