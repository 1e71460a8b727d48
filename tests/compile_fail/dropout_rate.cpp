// expect: dropout: the rate must be in [0, 1]
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const float rate = 0.5f;
#else
  const float rate = 1.5f;
#endif
  return combine(dropout(softmax(scores(query, key)), rate), value);
});
