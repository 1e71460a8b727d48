// fake_layer.h - a layer as attnc would generate it, with hand-written kernels.
//
// It has everything that the runtime has to support: a stand-in, a mask, a flag, an optional
// output, two paths, packed weights, memory per call and per worker, loops inside loops. With
// mask(b, h, t, s) = attention_mask and (not use_causal_mask or s <= t), it computes:
//
//   scores[b, h, t, s] = mask ? 1 + s : 0
//   output[b, t, f]    = query[b, t, f] + w +
//                        sum over h, s of scores * (value[b, s, 0] + 2 * key[b, s, last])
//
// where w is the first number of query/kernel. Reference: fake_reference, in plain loops.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "attn/runtime/any_layer.h"

namespace fake {

inline constexpr int heads = 3, size = 5;

/// Targets: "future" (no CPU supports it), "plain", "greedy" (takes more memory than it announces),
/// or "failing" (returns 7).
extern const attn_layer_table table;

/// A modified copy of the table, which the test has to keep alive.
attn_layer_table changed(const std::function<void(attn_layer_table&)>& change);

struct Shapes {
  int64_t batch = 2, query = 4, key = 6, query_features = 8, value_features = 7, key_features = 7;
};

/// Tensors for one call, whose numbers are all different.
struct Call {
  explicit Call(const Shapes& shapes = {});
  Shapes shapes;
  std::vector<float> query, value, key, output, scores;
  std::vector<float> query_kernel, query_bias, key_kernel;
  attn::Tensor q() const { return {query, {shapes.batch, shapes.query, shapes.query_features}}; }
  attn::Tensor v() const { return {value, {shapes.batch, shapes.key, shapes.value_features}}; }
  attn::Tensor k() const { return {key, {shapes.batch, shapes.key, shapes.key_features}}; }
  attn::MutableTensor o() { return {output, {shapes.batch, shapes.query, shapes.query_features}}; }
  attn::MutableTensor s() { return {scores, {shapes.batch, heads, shapes.query, shapes.key}}; }
  std::vector<attn::NamedTensor> weights() const;
  /// Loads the layer; the test fails if that does not work.
  attn::AnyLayer load(const attn::LoadOptions& options = {}) const;
};

/// mask(b, h, t, s); null: true everywhere.
using Mask = std::function<bool(int64_t, int64_t, int64_t, int64_t)>;
struct Reference {
  std::vector<float> output, scores;
};
Reference reference(const Call& call, bool key_given, bool causal, const Mask& mask);

/// How often kernels have run.
int kernel_runs();

}  // namespace fake
