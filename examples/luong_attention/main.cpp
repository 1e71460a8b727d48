// main.cpp - Keras's Attention with additive scores and the weights of a .keras file, against what
// Keras computed; prints which value every query looks at.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "attn/runtime/keras_file.h"
#include "luong/attention.attn.h"

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
  auto model = attn::KerasFile::open(DATA "/attention.keras");
  if (!model.ok()) return model.status();
  auto weights = model->layer();
  if (!weights.ok()) return weights.status();
  auto layer = attn::Layer<model::attention>::load(weights->named());
  if (!layer.ok()) return layer.status();

  auto expected = attn::SafeTensors::open(DATA "/attention.expected.safetensors");
  if (!expected.ok()) return expected.status();
  const auto query = expected->find("in/query"), value = expected->find("in/value"),
             want = expected->find("out/output");
  for (const auto* t : {&query, &value, &want}) {
    if (!t->ok()) return t->status();
  }
  const attn::Shape shape = query->shape();
  const int64_t batch = shape[0], queries = shape[1], keys = value->shape()[1];
  std::vector<float> y(static_cast<size_t>(shape.elements()));
  std::vector<float> scores(static_cast<size_t>(batch * queries * keys));
  attn::Workspace scratch;
  const attn::Status s = layer->run(
      {.query = *query, .value = *value},
      {.output = {y, shape}, .attention_scores = {scores, {batch, queries, keys}}}, scratch);
  if (!s.ok()) return s;

  std::printf("share of each of %lld values, for every query of the first sequence\n",
              static_cast<long long>(keys));
  for (int64_t q = 0; q < queries; ++q) {
    for (int64_t k = 0; k < keys; ++k)
      std::printf(" %3.0f %%",
                  100 * static_cast<double>(scores[static_cast<size_t>(q * keys + k)]));
    std::printf("\n");
  }
  const double far = distance(y, *want);
  close = far >= 0;
  std::printf("distance from Keras's output: %s%.1e\n", close ? "" : "more than ",
              close ? far : 2e-5);
  return {};
}

}  // namespace

int main() {
  bool close = false;
  const attn::Status s = run(close);
  if (!s.ok()) std::fprintf(stderr, "luong_attention: %s\n", s.message().c_str());
  return s.ok() && close ? 0 : 1;
}
