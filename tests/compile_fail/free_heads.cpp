// expect: [] needs a number of heads, and `[]` has as many as a call brings: []
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto x = g.probabilities("given", attn::Graph::any_heads, query, key);
#ifdef GOOD
  const auto p = first_heads(x, 4);
#else
  const auto p = x;
#endif
  return combine(p, project(value, "value", attn::heads(4, 8)));
});
