// expect: [] makes the axis [] {}: the last one is {}
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::Axes axes{{attn::Kind::batch, 15}, {attn::Kind::query}};
#else
constexpr attn::Axes axes{{attn::Kind::batch, 16}, {attn::Kind::query}};
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) { return g.input("x", axes); });
