// expect: [] makes an axis of Kind::position: say which positions it counts
#include "attn/attn.h"

#ifdef GOOD
constexpr attn::Axes axes{{attn::Kind::batch}, {attn::Kind::query}};
#else
constexpr attn::Axes axes{{attn::Kind::batch}, {attn::Kind::position}};
#endif

inline constexpr auto layer = attn::layer([](attn::Graph& g) { return g.input("x", axes); });
