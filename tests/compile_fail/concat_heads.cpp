// expect: concat_heads: the values differ on another axis than the heads
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const int size = 8;
#else
  const int size = 9;
#endif
  return concat_heads(project(query, "a", attn::heads(4, 8)),
                      project(query, "b", attn::heads(4, size)));
});
