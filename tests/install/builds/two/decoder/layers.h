#pragma once
#include "attn/attn.h"
#include "model/sizes.h"
namespace dec {
inline constexpr auto dense = attn::layer([](attn::Graph& g) {
  const auto [query, value, key] = g.query_value_key();
  return project(query, "out", attn::features(size));
});
using layers = attn::Layers<dense>;
}  // namespace dec
