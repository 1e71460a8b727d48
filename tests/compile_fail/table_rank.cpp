// expect: `[]` is read with {} indices and has {} axes
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
  const auto bias = g.weight("bias", {2, 9});
#ifdef GOOD
  const auto f = [=](auto x, auto at) { return x + bias[at.head][at.key]; };
#else
  const auto f = [=](auto x, auto at) { return x + bias[at.key]; };
#endif
  const auto q = project(query, "query", attn::heads(2, 4));
  const auto k = project(key, "key", attn::heads(2, 4));
  const auto v = project(value, "value", attn::heads(2, 4));
  return combine(softmax(map(scores(q, k), f)), v);
});
