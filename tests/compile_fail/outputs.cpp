// expect: a layer has at most {} outputs
#include "attn/attn.h"

#ifdef GOOD
constexpr int outputs = 3;
#else
constexpr int outputs = 4;
#endif

constexpr const char* names[] = {"a", "b", "c", "d"};
inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto x = combine(softmax(scores(query, key)), value);
  for (int i = 0; i < outputs; ++i) g.output(names[i], x, true);
  return x;
});
