// expect: a value has at most {} axes
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const int rank = 10;
#else
  const int rank = 11;
#endif
  return map(g.input("wide", g.sequence(attn::Kind::query, {1}, rank)), [](auto x) { return -x; });
});
