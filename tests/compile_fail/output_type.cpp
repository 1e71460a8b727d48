// expect: the output `[]` holds no real numbers
#include "attn/attn.h"

#ifdef GOOD
constexpr auto type = attn::Type::real;
#else
constexpr auto type = attn::Type::index;
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  return g.input("x", {{attn::Kind::batch}, {attn::Kind::query}}, false, type);
});
