// expect: first_heads: {} of {} heads
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const int n = 3;
#else
  const int n = 5;
#endif
  return first_heads(project(query, "query", attn::heads(4, 8)), n);
});
