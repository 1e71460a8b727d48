// expect: [] computes with real numbers, and `[]` holds others: read it in a formula, by name
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto x = g.input("x", value.axes(), false, attn::Type::real);
#else
  const auto x = g.input("x", value.axes(), false, attn::Type::index);
#endif
  return combine(softmax(scores(query, key)), x);
});
