// expect: the weight `[]` has a negative extent: {}
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto w = g.weight("w", {1, 3});
#else
  const auto w = g.weight("w", {1, -3});
#endif
  const auto f = [=](auto x, auto at) { return x * w[0][at.query]; };
  return map(combine(softmax(scores(query, key)), value), f);
});
