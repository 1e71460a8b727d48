// expect: only a cache has keys and values in slots
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto x = cache_input(g, "x", attn::heads(4, 8));
#else
  const auto x = project(value, "x", attn::heads(4, 8));
#endif
  const auto q = project(query, "query", attn::heads(4, 8));
  return combine(softmax(scores(q, keys_of(x))), keys_of(x));
});
