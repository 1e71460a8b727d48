// expect: given: the two values differ in their axes
#include "attn/attn.h"

#ifdef GOOD
constexpr int size = 8;
#else
constexpr int size = 4;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto other = g.optional_input("other", value.axes());
  const auto v = project(value, "value", attn::heads(2, 8));
  const auto w = project(other, "other_value", attn::heads(2, size));
  const auto q = project(query, "query", attn::heads(2, 8)),
             k = project(key, "key", attn::heads(2, 8));
  return combine(softmax(scores(q, k)), given(other, w, v));
});
