// expect: `[]` becomes a name in C++: write letters, digits and `_`, a letter first
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const auto q = project(query, "my_query", attn::features(16));
#else
  const auto q = project(query, "my query", attn::features(16));
#endif
  return combine(softmax(scores(q, project(key, "key", attn::features(16)))), value);
});
