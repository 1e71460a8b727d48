// expect: the output `[]` starts as an input with the same axes
#include "attn/attn.h"

#ifdef GOOD
constexpr int size = 8;
#else
constexpr int size = 4;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key(attn::Kind::update);
  const auto cache = cache_input(g, "cache", attn::heads(2, 8));
  const auto other = cache_input(g, "other", attn::heads(2, size));
  const auto index = g.index("cache_update_index");
  const auto q = project(query, "query", attn::heads(2, 8));
  const auto k = project(key, "key", attn::heads(2, 8));
  const auto v = project(value, "value", attn::heads(2, 8));
  const auto updated = splice(cache, k, v, index);
  const auto p = softmax(scores(q, keys_of(updated)));
  return attn::Outputs{.output = combine(p, values_of(updated)),
                       .cache = updated,
                       .cache_input = size == 8 ? cache : other};
});
