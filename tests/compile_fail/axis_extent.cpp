// expect: [] makes an axis [] of extent {}: at most {}
#include "attn/attn.h"

#ifdef GOOD
constexpr int heads = 1 << 24;
#else
constexpr int heads = (1 << 24) + 1;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto given = g.probabilities("given", heads, query, key);
  return combine(softmax(scores(query, key)), value) + combine(first_heads(given, 0), value);
});
