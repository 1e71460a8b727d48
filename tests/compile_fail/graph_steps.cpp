// expect: the formulas of a graph have at most {} steps together
#include "attn/attn.h"

#ifdef GOOD
constexpr int maps = 3;
#else
constexpr int maps = 4;
#endif

constexpr auto f = [](auto x) {
  for (int i = 0; i < 31; ++i) x = x * static_cast<float>(i + 2);
  return x;
};
inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  auto x = combine(softmax(scores(query, key)), value);
  for (int i = 0; i < maps; ++i) x = map(x, f);
  return x;
});
