// expect: splice: the value written to is no cache: it has no axis of keys and values
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key(attn::Kind::update);
  const auto q = project(query, "query", attn::heads(8, 64));
  const auto k = project(key, "key", attn::heads(8, 64));
  const auto v = project(value, "value", attn::heads(8, 64));
#ifdef GOOD
  const auto old = cache_input(g, "cache", attn::heads(8, 64));
#else
  const auto old = q;
#endif
  const auto cache = splice(old, k, v, g.index("cache_update_index"));
  return combine(softmax(scores(q, keys_of(cache))), values_of(cache));
});
