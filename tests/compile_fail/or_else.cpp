// expect: `or_else` is between two inputs with the same axes, and the one that stands in is made first
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto other = g.input("other", value.axes()).or_else(value);
#else
  const auto other = g.input("other", value.axes()).or_else(query);
#endif
  return combine(softmax(scores(query, key)), other);
});
