// expect: the layer has no output
#include "attn/attn.h"

#ifdef GOOD
constexpr int heads = 4;
#else
constexpr int heads = 0;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  return project(query, "query", attn::heads(heads, 8));
});
