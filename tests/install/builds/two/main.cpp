#include <vector>

#include "dec_layers/dense.attn.h"
#include "enc_layers/dense.attn.h"
#include "encoder/layers.h"

template <const auto& layer>
bool right(int size) {
  const std::vector<float> w(static_cast<std::size_t>(3 * size), 1),
      b(static_cast<std::size_t>(size), 2), x{1, 2, 3};
  std::vector<float> y(b.size());
  auto loaded = attn::Layer<layer>::load({.out_kernel = {w, {3, size}}, .out_bias = {b, {size}}});
  attn::Workspace scratch;
  if (!loaded.ok() || !loaded
                           ->run({.query = {x, {1, 1, 3}}, .value = {x, {1, 1, 3}}},
                                 {.output = {y, {1, 1, size}}}, scratch)
                           .ok())
    return false;
  for (float v : y)
    if (v != 8) return false;
  return true;
}
int main() { return right<enc::dense>(2) && right<dec::dense>(3) ? 0 : 1; }
