// expect: sigmoid_probabilities are over keys, and this value has no key axis
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto s = scores(query, key);
#else
  const auto s = query;
#endif
  return combine(sigmoid_probabilities(s), value);
});
