// Uses the package, including its typed headers and a layer.
#include <vector>

#include "my_layers/dense.attn.h"

bool mine();
int main() {
  const std::vector<float> w(3 * size), b(size);
  auto layer =
      attn::Layer<one::dense>::load({.out_kernel = {w, {3, size}}, .out_bias = {b, {size}}});
  return layer.ok() && mine() ? 0 : 1;
}
