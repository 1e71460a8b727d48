// main.cpp - a GroupQueryAttention with the weights of a .keras file, against what Keras computed.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "attn/runtime/keras_file.h"
#include "grouped/attention.attn.h"

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
  auto model = attn::KerasFile::open(DATA "/gqa.keras");
  if (!model.ok()) return model.status();
  auto weights = model->layer();  // the only one with attention in it; else name it
  if (!weights.ok()) return weights.status();
  auto layer = attn::Layer<model::attention>::load(weights->named());
  if (!layer.ok()) return layer.status();

  auto expected = attn::SafeTensors::open(DATA "/gqa.expected.safetensors");
  if (!expected.ok()) return expected.status();
  const auto query = expected->find("in/query"), value = expected->find("in/value"),
             want = expected->find("out/output");
  for (const auto* t : {&query, &value, &want}) {
    if (!t->ok()) return t->status();
  }
  std::vector<float> y(static_cast<size_t>(query->shape().elements()));
  attn::Workspace scratch;
  attn::Status s =
      layer->run({.query = *query, .value = *value}, {.output = {y, query->shape()}}, scratch);
  if (!s.ok()) return s;
  const double far = distance(y, *want);
  close = far >= 0;
  std::printf("%s of %s: query %s, value %s\n", weights->info().name.c_str(), "gqa.keras",
              query->describe().c_str(), value->describe().c_str());
  std::printf("distance from Keras's output: %s%.1e\n", close ? "" : "more than ",
              close ? far : 2e-5);
  return {};
}

}  // namespace

int main() {
  bool close = false;
  const attn::Status s = run(close);
  if (!s.ok()) std::fprintf(stderr, "group_query_attention: %s\n", s.message().c_str());
  return s.ok() && close ? 0 : 1;
}
