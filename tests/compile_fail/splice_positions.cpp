// expect: splice: new keys and values need the heads and the size of the cache, and positions of their own (Kind::update)
#include "attn/attn.h"

#ifdef GOOD
constexpr auto positions = attn::Kind::update;
constexpr auto type = attn::Type::index;
#else
constexpr auto positions = attn::Kind::key;
constexpr auto type = attn::Type::index;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key(positions);
  const auto q = project(query, "query", attn::heads(8, 64));
  const auto k = project(key, "key", attn::heads(8, 64));
  const auto v = project(value, "value", attn::heads(8, 64));
  const auto old = cache_input(g, "cache", attn::heads(8, 64));
  const auto at = g.input("cache_update_index", {}, false, type);
  const auto cache = splice(old, k, v, at);
  return combine(softmax(scores(q, keys_of(cache))), values_of(cache));
});
