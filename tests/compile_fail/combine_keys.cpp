// expect: combine: probabilities and values count keys on different axes
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto v = value;
#else
  const auto v = g.input("v", g.sequence(attn::Kind::key, {1, 2}, 4));
#endif
  return combine(softmax(scores(query, key)), v);
});
