// main.cpp - a layer that reuses one head's scores, against what Model Garden computed; then a second
// one that reuses all that the first returns.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "attn/runtime/keras_file.h"
#include "lazy/partly.attn.h"
#include "lazy/wholly.attn.h"

namespace {

/// The largest distance from what Keras computed, or -1 where one is not within 2e-5 + 1e-4 of it.
double distance(const std::vector<float>& got, const attn::Tensor& want) {
  const auto* w = static_cast<const float*>(want.data());
  double largest = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double error = std::abs(got[i] - w[i]);
    if (!(error <= 2e-5 + 1e-4 * std::abs(w[i]))) return -1;
    largest = std::max(largest, error);
  }
  return largest;
}

attn::Status run(bool& close) {
  auto model = attn::KerasFile::open(DATA "/reuse.weights.h5");
  if (!model.ok()) return model.status();
  auto weights = model->layer();
  if (!weights.ok()) return weights.status();
  auto first = attn::Layer<model::partly>::load(weights->named());
  if (!first.ok()) return first.status();

  auto expected = attn::SafeTensors::open(DATA "/reuse.expected.safetensors");
  if (!expected.ok()) return expected.status();
  const auto query = expected->find("in/query"), value = expected->find("in/value"),
             given = expected->find("in/reuse_attention_scores"),
             want = expected->find("out/output");
  for (const auto* t : {&query, &value, &given, &want}) {
    if (!t->ok()) return t->status();
  }
  const attn::Shape shape = query->shape(), scores_shape = given->shape();
  std::vector<float> y(static_cast<size_t>(shape.elements())), z(y.size());
  std::vector<float> scores(static_cast<size_t>(scores_shape.elements()));
  attn::Workspace scratch;
  attn::Status s =
      first->run({.query = *query, .value = *value, .reuse_attention_scores = *given},
                 {.output = {y, shape}, .attention_scores = {scores, scores_shape}}, scratch);
  if (!s.ok()) return s;
  const double far = distance(y, *want);
  close = far >= 0;
  std::printf("distance from Model Garden's output: %s%.1e\n", close ? "" : "more than ",
              close ? far : 2e-5);

  // The next layer of a model: its weights are the value's and the output's alone.
  const int64_t features = value->shape()[2];
  const std::vector<float> kernel(static_cast<size_t>(features * 12), 0.1f), bias(12, 0.0f);
  auto second =
      attn::Layer<model::wholly>::load({.value_reuse_kernel = {kernel, {features, 3, 4}},
                                        .value_reuse_bias = {bias, {3, 4}},
                                        .attention_output_reuse_kernel = {kernel, {3, 4, features}},
                                        .attention_output_reuse_bias = {bias.data(), {features}}});
  if (!second.ok()) return second.status();
  s = second->run(
      {.query = *query, .value = *value, .reuse_attention_scores = {scores, scores_shape}},
      {.output = {z, shape}}, scratch);
  if (!s.ok()) return s;
  std::printf("a second layer took all %lld heads from the first\n",
              static_cast<long long>(scores_shape[1]));
  return {};
}

}  // namespace

int main() {
  bool close = false;
  const attn::Status s = run(close);
  if (!s.ok()) std::fprintf(stderr, "reuse_multi_head_attention: %s\n", s.message().c_str());
  return s.ok() && close ? 0 : 1;
}
