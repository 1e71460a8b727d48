// expect: [] makes an axis [] as long as the features of node {}, which is no input of unknown size
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::Axis feature{attn::Kind::feature, 0, -1, 8};
#else
constexpr attn::Axis feature{attn::Kind::feature, 0, 0, 8};
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) {
  return g.input("x", {{attn::Kind::batch}, {attn::Kind::query}, feature});
});
