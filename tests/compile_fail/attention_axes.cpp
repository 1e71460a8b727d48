// expect: `attention_axes` names an axis twice, or one that is not between the batch and the feature axis (counting from the back needs `input_rank`)
#include "attn/attn.h"

#ifdef GOOD
constexpr int rank = 4;
#else
constexpr int rank = 0;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key({-2}, rank);
  return combine(softmax(scores(query, key)), value);
});
