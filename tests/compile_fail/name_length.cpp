// expect: `[]` is too long: names have at most {} letters
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto flag = g.flag("a_name_of_no_more_than_thirty_1");
#else
  const auto flag = g.flag("a_name_of_some_more_than_thirty_1");
#endif
  return combine(softmax(scores(query, key), attn::causal | flag), value);
});
