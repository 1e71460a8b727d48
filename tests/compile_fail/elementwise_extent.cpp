// expect: an elementwise operation: the values differ on the axis []: {} and {}
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const int n = 8;
#else
  const int n = 9;
#endif
  return project(query, "a", attn::heads(8, 2)) + project(query, "b", attn::heads(n, 2));
});
