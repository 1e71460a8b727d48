// expect: `[]` has no axis to project
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto x = query;
#else
  const auto x = g.input("x", query.axes().without(attn::Kind::feature));
#endif
  return project(x, "out", attn::features(8));
});
