// expect: the formula of [] is too long: at most {} steps and {} tables
#include "attn/attn.h"

#ifdef GOOD
constexpr int tables = 8;
#else
constexpr int tables = 9;
#endif

constexpr const char* names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto f = [](auto x, auto at) {
    for (int i = 0; i < tables; ++i) x = x + attn::Table(names[i])[at.query];
    return x;
  };
  return map(combine(softmax(scores(query, key)), value), f);
});
