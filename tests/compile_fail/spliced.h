// Attention over a cache. New keys and values, whose axis has the kind `positions`, are written to
// it at an index of `type`. No include guard: all.cpp includes this once in each file's namespace.
#include "attn/attn.h"

constexpr attn::Value spliced(attn::Graph& g, attn::Kind positions, attn::Type type) {
  const auto [query, value, key] = g.query_value_key(positions);
  const auto q = project(query, "query", attn::heads(8, 64));
  const auto k = project(key, "key", attn::heads(8, 64));
  const auto v = project(value, "value", attn::heads(8, 64));
  const auto old = cache_input(g, "cache", attn::heads(8, 64));
  const auto at = g.input("cache_update_index", {}, false, type);
  const auto cache = splice(old, k, v, at);
  return combine(softmax(scores(q, keys_of(cache))), values_of(cache));
}
