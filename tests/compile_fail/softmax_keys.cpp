// expect: softmax is over keys, and this value has no key axis
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto p = softmax(scores(query, key));
#else
  const auto p = softmax(query);
#endif
  return combine(p, value);
});
