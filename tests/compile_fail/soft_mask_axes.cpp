// expect: the mask of numbers `[]` has no axis
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::Axes axes{{attn::Kind::batch}};
#else
constexpr attn::Axes axes{};
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto mask = g.soft_mask("mask", axes);
  const auto s = map(scores(query, key), [&](auto x, auto at) { return x + at.own(mask); });
  return combine(softmax(s), value);
});
