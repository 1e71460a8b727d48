// expect: `[]` is read along axes of length {} and {}
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const int n = 2;
#else
  const int n = 4;
#endif
  const auto f = [](auto x, auto at) { return x + attn::Table("slopes")[at.head]; };
  const auto a = map(project(query, "a", attn::heads(2)), f);
  const auto b = map(project(query, "b", attn::heads(n)), f);
  return a + b;
});
