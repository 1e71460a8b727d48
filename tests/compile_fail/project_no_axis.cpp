// expect: `[]` makes no axis: write `heads(...)` or `features(...)`
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const attn::Target to = attn::features(8);
#else
  const attn::Target to;
#endif
  return project(query, "out", to);
});
