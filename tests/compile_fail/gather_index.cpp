// expect: gather reads at an index, and its function makes a real number
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto f = [](auto at) { return at.size / 2; };
#else
  const auto f = [](auto at) { return at.size / 2.0f; };
#endif
  return gather(project(query, "query", attn::heads(4, 8)), f);
});
