#pragma once
#include "attn/attn.h"
#include "sizes.h"
namespace one {
inline constexpr auto dense = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  return project(query, "out", attn::features(size));
});
inline constexpr auto other = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  return project(query, "out", attn::features(size + 1));
});
#ifdef SECOND
using layers = attn::Layers<dense, other>;
#else
using layers = attn::Layers<dense>;
#endif
}  // namespace one
