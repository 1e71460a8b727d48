// expect: `[]` makes at most {} feature axes, not {}
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto to = attn::features({1, 2, 3, 4});
#else
  const auto to = attn::features({1, 2, 3, 4, 5});
#endif
  return project(query, "out", to);
});
