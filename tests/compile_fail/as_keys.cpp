// expect: as_keys: the value is not one of new keys, counted by Kind::update
#include "attn/attn.h"

#ifdef GOOD
constexpr auto positions = attn::Kind::update;
#else
constexpr auto positions = attn::Kind::key;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key(positions);
  const auto k = as_keys(key);
  return combine(softmax(scores(query, k)), as_keys(value));
});
