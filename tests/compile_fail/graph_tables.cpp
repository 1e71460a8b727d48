// expect: the formulas of a graph read at most {} tables
#include "attn/attn.h"

#ifdef GOOD
constexpr int tables = 12;
#else
constexpr int tables = 13;
#endif

constexpr const char* names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"};
inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  auto x = combine(softmax(scores(query, key)), value);
  for (int i = 0; i < tables; ++i) {
    x = map(x, [=](auto y, auto at) { return y + attn::Table(names[i])[at.query]; });
  }
  return x;
});
