// expect: combine: probabilities and the value that gives the order differ in their positions
#include "attn/attn.h"

#ifdef GOOD
constexpr bool same = true;
#else
constexpr bool same = false;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  return combine(softmax(scores(query, key)), value, same ? query : key);
});
