#pragma once
#include "attn/attn.h"
namespace enc {
inline constexpr auto dense = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  return project(query, "out", attn::features(2));
});
using layers = attn::Layers<dense>;
}  // namespace enc
