// expect: the input `[]` may only be left out if something stands in: write `.or_else(...)`
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto bias = g.input("bias", query.axes()).or_else(query);
#else
  const auto bias = g.input("bias", query.axes(), true);
#endif
  return combine(softmax(scores(query, key)), value) + bias;
});
