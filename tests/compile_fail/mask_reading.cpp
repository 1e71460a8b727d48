// expect: the mask `[]` is read in a way that there is not: {}
#include "attn/attn.h"

#ifdef GOOD
constexpr std::uint8_t reading = attn::above_half;
#else
constexpr std::uint8_t reading = attn::num_readings;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto s = scores(query, key);
  return combine(softmax(s, g.mask("attention_mask", s, reading)), value);
});
