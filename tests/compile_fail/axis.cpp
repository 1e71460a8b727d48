// expect: the formula of [] reads at.[], an axis that is not there
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto f = [](auto x, auto at) { return x * at.query; };
#else
  const auto f = [](auto x, auto at) { return x * at.key; };
#endif
  return map(combine(softmax(scores(query, key)), value), f);
});
