// expect: [] reads `[]` at an axis that is not there
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  [[maybe_unused]] const auto [query, value, key] = g.query_value_key();
#ifdef GOOD
  const attn::Mask mask = g.mask("mask", key);
#else
  const attn::Mask mask = g.mask("mask", scores(query, key));
#endif
  return keep(combine(softmax(scores(query, key)), value), g.mask("rows", query)) +
         combine(softmax(scores(query, key), mask), keep(value, mask));
});
