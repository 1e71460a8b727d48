// expect: a layer has at most {} weights
#include "attn/attn.h"

#ifdef GOOD
constexpr int weights = 20;
#else
constexpr int weights = 21;
#endif

constexpr const char* names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k",
                                 "l", "m", "n", "o", "p", "q", "r", "s", "t", "u"};
inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  for (int i = 0; i < weights; ++i) g.weight(names[i]);
  return combine(softmax(scores(query, key)), value);
});
