// expect: scores: the query has {} heads and the key {}; `share_heads` lets one key head serve several query heads
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto k = share_heads(project(key, "key", attn::heads(4, 64)), 8);
#else
  const auto k = project(key, "key", attn::heads(4, 64));
#endif
  const auto q = project(query, "query", attn::heads(8, 64));
  return combine(softmax(scores(q, k)), project(value, "value", attn::heads(8, 64)));
});
