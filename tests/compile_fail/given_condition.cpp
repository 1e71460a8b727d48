// expect: given: the condition is an input that calls may leave out
#include "attn/attn.h"

#ifdef GOOD
constexpr bool optional = true;
#else
constexpr bool optional = false;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto q = project(query, "query", attn::heads(2, 8));
  const auto k = project(key, "key", attn::heads(2, 8));
  const auto v = project(value, "value", attn::heads(2, 8));
  const attn::Axes axes{{attn::Kind::batch}};
  const auto other = optional ? g.optional_input("other", axes) : g.input("other", axes);
  return combine(softmax(scores(q, k)), given(other, k, v));
});
