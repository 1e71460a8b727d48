// expect: combine: {} heads of probabilities and {} heads of values
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto v = project(value, "value", attn::heads(8, 64));
#else
  const auto v = project(value, "value", attn::heads(4, 64));
#endif
  const auto q = project(query, "query", attn::heads(8, 64));
  const auto k = project(key, "key", attn::heads(8, 64));
  return combine(softmax(scores(q, k)), v);
});
