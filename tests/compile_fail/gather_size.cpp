// expect: gather reads along the size of a head, and this value has none
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto x = project(query, "query", attn::heads(4, 8));
#else
  const auto x = query;
#endif
  return gather(x, [](auto at) { return at.query; });
});
