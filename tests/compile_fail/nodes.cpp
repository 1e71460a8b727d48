// expect: a graph has at most {} operations
#include "attn/attn.h"

#ifdef GOOD
constexpr int maps = 42;
#else
constexpr int maps = 43;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  auto x = combine(softmax(scores(query, key)), value);
  for (int i = 0; i < maps; ++i) x = map(x, [](auto y) { return -y; });
  return x;
});
