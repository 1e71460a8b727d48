// expect: the formula of [] is too long: at most {} steps and {} tables
#include "attn/attn.h"

#ifdef GOOD
constexpr int steps = 31;
#else
constexpr int steps = 32;
#endif

constexpr auto f = [](auto x) {
  for (int i = 0; i < steps; ++i) x = x * static_cast<float>(i + 2);
  return x;
};
inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  return map(combine(softmax(scores(query, key)), value), f);
});
