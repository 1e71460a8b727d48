// expect: scores need a value with query positions and one with key positions, in this order
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto s = scores(query, key);
#else
  const auto s = scores(key, query);
#endif
  return combine(softmax(s), value);
});
