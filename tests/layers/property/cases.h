// cases.h - a random call of a layer, with its reference.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "attn/runtime/typed.h"
#include "common/reference_attention.h"
#include "layers/targets.h"
#include "property_layers/causal_window.attn.h"
#include "property_layers/explicit_path.attn.h"
#include "property_layers/from_the_end.attn.h"
#include "property_layers/grouped.attn.h"
#include "property_layers/odd.attn.h"
#include "property_layers/one.attn.h"
#include "property_layers/one_key_head.attn.h"
#include "property_layers/usual.attn.h"
#include "property_layers/wide.attn.h"

namespace attn_test {

struct Subject {
  const attn_layer_table* table;
  Config config;
  int output_features;  // 0: as the query
  std::vector<int64_t> output_shape;
};

inline const std::vector<Subject>& subjects() {
  const auto window = [](int q, int k, int, int) { return k <= q && std::abs(q - k) < 9; };
  const auto end = [](int q, int k, int T, int S) { return k <= q + (S - T); };
  static const std::vector<Subject> all{
      {&attn::Binding<property::one>::table(), {1, 1, 1, true, true, false, {}}, 0, {}},
      {&attn::Binding<property::odd>::table(), {3, 5, 7, true, true, false, {}}, 0, {}},
      {&attn::Binding<property::wide>::table(), {2, 17, 80, false, true, false, {}}, 0, {}},
      {&attn::Binding<property::usual>::table(), {2, 64, 64, true, true, false, {}}, 0, {}},
      {&attn::Binding<property::explicit_path>::table(),
       {2, 16, 16, true, false, false, {}},
       15,
       {3, 5}},
      {&attn::Binding<property::causal_window>::table(),
       {2, 8, 8, true, true, true, window},
       19,
       {19}},
      {&attn::Binding<property::from_the_end>::table(),
       {4, 12, 12, true, false, false, end},
       0,
       {}},
      {&attn::Binding<property::grouped>::table(), {6, 8, 8, true, true, false, {}, 2}, 0, {}},
      {&attn::Binding<property::one_key_head>::table(),
       {4, 20, 20, false, true, false, {}, 1},
       0,
       {}},
  };
  return all;
}

/// The targets that this processor can run, best first.
inline std::vector<std::string> targets_here() {
  return attn_test::targets_here(*subjects()[0].table);
}

using Random = std::mt19937;
inline int draw(Random& r, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(r);
}
inline int draw_of(Random& r, std::initializer_list<int> list) {
  return list.begin()[draw(r, 0, static_cast<int>(list.size()) - 1)];
}
inline std::vector<float> numbers(Random& r, size_t n, float scale = 1) {
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> v(n);
  for (float& x : v) x = normal(r);
  return v;
}

inline Weights draw_weights(Random& r, const Subject& s, const Call& c) {
  const Config& f = s.config;
  const auto kernel = [&](int rows, int columns) {
    return numbers(r, static_cast<size_t>(rows) * static_cast<size_t>(columns),
                   1 / std::sqrt(static_cast<float>(rows)));
  };
  const auto bias = [&](int n) {
    return f.use_bias ? numbers(r, static_cast<size_t>(n)) : std::vector<float>();
  };
  const int key_heads = f.key_heads ? f.key_heads : f.num_heads;
  const int queries = f.num_heads * f.key_dim, keys = key_heads * f.key_dim,
            values = key_heads * f.value_dim;
  Weights w;
  w.query_kernel = kernel(c.query_features, queries), w.query_bias = bias(queries);
  w.key_kernel = kernel(c.key_features, keys), w.key_bias = bias(keys);
  w.value_kernel = kernel(c.value_features, values), w.value_bias = bias(values);
  w.output_kernel = kernel(f.num_heads * f.value_dim, c.output_features);
  w.output_bias = bias(c.output_features);
  return w;
}

inline attn::Result<attn::AnyLayer> load(const Subject& s, const Call& c, const Weights& w,
                                         const std::string& target) {
  const Config& f = s.config;
  const int key_heads = f.key_heads ? f.key_heads : f.num_heads;
  const auto shape = [](std::initializer_list<int64_t> list) { return attn::Shape(list); };
  std::vector<int64_t> out_kernel{f.num_heads, f.value_dim}, out_bias;
  if (s.output_shape.empty())
    out_kernel.push_back(c.query_features), out_bias.push_back(c.query_features);
  for (int64_t n : s.output_shape) out_kernel.push_back(n), out_bias.push_back(n);
  std::vector<attn::NamedTensor> named{
      {"query/kernel", {w.query_kernel, shape({c.query_features, f.num_heads, f.key_dim})}},
      {"key/kernel", {w.key_kernel, shape({c.key_features, key_heads, f.key_dim})}},
      {"value/kernel", {w.value_kernel, shape({c.value_features, key_heads, f.value_dim})}},
      {"attention_output/kernel", {w.output_kernel, out_kernel}}};
  if (f.use_bias) {
    named.push_back({"query/bias", {w.query_bias, shape({f.num_heads, f.key_dim})}});
    named.push_back({"key/bias", {w.key_bias, shape({key_heads, f.key_dim})}});
    named.push_back({"value/bias", {w.value_bias, shape({key_heads, f.value_dim})}});
    named.push_back({"attention_output/bias", {w.output_bias, out_bias}});
  }
  return attn::AnyLayer::load(*s.table, std::span<const attn::NamedTensor>(named),
                              {.target = target});
}

}  // namespace attn_test
