// expect: scores: query and key have different batch axes
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto k = key;
#else
  const auto k = g.input("k", g.sequence(attn::Kind::key, {2}, 4));
#endif
  return combine(softmax(scores(query, k)), value);
});
