// expect: `[]` must have a positive number of each axis it makes, not {}
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto to = attn::heads(2, 8);
#else
  const auto to = attn::heads(-2, 8);
#endif
  return project(query, "out", to);
});
