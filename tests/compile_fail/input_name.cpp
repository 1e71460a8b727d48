// expect: the graph has two inputs with the name `[]`
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto flag = g.flag("any_order");
#else
  const auto flag = g.flag("value");
#endif
  return combine(softmax(scores(query, key), flag | attn::causal), value);
});
