// expect: splice: the position to write at is one index
#include "spliced.h"

#ifdef GOOD
constexpr auto type = attn::Type::index;
#else
constexpr auto type = attn::Type::real;
#endif

inline constexpr auto layer =
    attn::layer([](attn::Graph& g) { return spliced(g, attn::Kind::update, type); });
