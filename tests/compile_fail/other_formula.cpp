// expect: a symbol of another formula: a number or position is good in the call that it was given to, and not outside of it or in a function inside of it
#include "attn/attn.h"

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  const auto s = map(scores(query, key), [v = value](auto x) {
#ifdef GOOD
    static_cast<void>(map(v, [](auto y) { return y * 2; }));
#else
    static_cast<void>(map(v, [x](auto y) { return y * x; }));
#endif
    return x;
  });
  return combine(softmax(s), value);
});
