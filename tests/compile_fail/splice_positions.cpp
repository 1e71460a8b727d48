// expect: splice: new keys and values need the heads and the size of the cache, and positions of their own (Kind::update)
#include "spliced.h"

#ifdef GOOD
constexpr auto positions = attn::Kind::update;
#else
constexpr auto positions = attn::Kind::key;
#endif

inline constexpr auto layer =
    attn::layer([](attn::Graph& g) { return spliced(g, positions, attn::Type::index); });
