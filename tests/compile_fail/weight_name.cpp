// expect: the layer has two weights with the name `[]`
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto k = project(key, "key", attn::heads(8, 64));
#else
  const auto k = project(key, "query", attn::heads(8, 64));
#endif
  const auto q = project(query, "query", attn::heads(8, 64));
  return combine(softmax(scores(q, k)), project(value, "value", attn::heads(8, 64)));
});
