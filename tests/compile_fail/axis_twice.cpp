// expect: [] makes the axis [] {} twice
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::Axes axes{{attn::Kind::batch}, {attn::Kind::batch, 1}, {attn::Kind::query}};
#else
constexpr attn::Axes axes{{attn::Kind::batch}, {attn::Kind::batch}, {attn::Kind::query}};
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) { return g.input("x", axes); });
