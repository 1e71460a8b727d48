// expect: an elementwise operation: the second value has an axis that the first has not
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto x = query;
#else
  const auto x = key;
#endif
  return query * x;
});
