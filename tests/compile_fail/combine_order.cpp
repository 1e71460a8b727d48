// expect: combine needs probabilities [.. query, key] and values [.. key ..], in this order
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  return combine(softmax(scores(query, key)), value);
#else
  return combine(value, softmax(scores(query, key)));
#endif
});
