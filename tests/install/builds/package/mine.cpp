#include <vector>

#include "my_layers/dense.attn.h"

/// Whether the layer can be loaded.
bool mine() {
  const std::vector<float> w(3 * size), b(size);
  return attn::Layer<one::dense>::load({.out_kernel = {w, {3, size}}, .out_bias = {b, {size}}})
      .ok();
}
