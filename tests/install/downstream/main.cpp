// Runs the layer on small numbers and compares it with plain loops in double.
#include <cmath>
#include <cstdio>
#include <vector>

#include "my_layers/encoder.attn.h"

namespace {

constexpr int64_t length = 5, features = 6, heads = 2, size = 8;

std::vector<float> numbers(int64_t n, double step) {
  std::vector<float> out(static_cast<size_t>(n));
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<float>(std::sin(step * static_cast<double>(i + 1)));
  return out;
}

/// [rows, n] times [n, columns], plus a bias.
std::vector<double> product(const std::vector<double>& x, const std::vector<float>& w,
                            const std::vector<float>& bias, int64_t n, int64_t columns) {
  const int64_t rows = static_cast<int64_t>(x.size()) / n;
  std::vector<double> out(static_cast<size_t>(rows * columns));
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      double sum = bias[static_cast<size_t>(c)];
      for (int64_t i = 0; i < n; ++i)
        sum += x[static_cast<size_t>(r * n + i)] * w[static_cast<size_t>(i * columns + c)];
      out[static_cast<size_t>(r * columns + c)] = sum;
    }
  return out;
}

}  // namespace

int main() {
  const auto x = numbers(length * features, 0.7);
  const auto wq = numbers(features * heads * size, 0.3), wk = numbers(features * heads * size, 0.5);
  const auto wv = numbers(features * heads * size, 0.9), wo = numbers(heads * size * features, 0.4);
  const auto bq = numbers(heads * size, 1.1), bk = numbers(heads * size, 1.3),
             bv = numbers(heads * size, 1.7);
  const auto bo = numbers(features, 1.9);
  auto layer = attn::Layer<model::encoder>::load({
      .query_kernel = {wq, {features, heads, size}},
      .query_bias = {bq, {heads, size}},
      .key_kernel = {wk, {features, heads, size}},
      .key_bias = {bk, {heads, size}},
      .value_kernel = {wv, {features, heads, size}},
      .value_bias = {bv, {heads, size}},
      .attention_output_kernel = {wo, {heads, size, features}},
      .attention_output_bias = {bo, {features}},
  });
  if (!layer.ok()) {
    std::fprintf(stderr, "%s\n", layer.status().message().c_str());
    return 1;
  }
  std::vector<float> y(x.size());
  const attn::Shape shape{1, length, features};
  attn::Workspace scratch;
  const attn::Status s =
      layer->run({.query = {x, shape}, .value = {x, shape}}, {.output = {y, shape}}, scratch);
  if (!s.ok()) {
    std::fprintf(stderr, "%s\n", s.message().c_str());
    return 1;
  }

  const std::vector<double> input(x.begin(), x.end());
  const auto q = product(input, wq, bq, features, heads * size),
             k = product(input, wk, bk, features, heads * size);
  const auto v = product(input, wv, bv, features, heads * size);
  std::vector<double> mixed(static_cast<size_t>(length * heads * size));
  for (int64_t h = 0; h < heads; ++h)
    for (int64_t t = 0; t < length; ++t) {
      double p[length], sum = 0;
      for (int64_t j = 0; j < length; ++j) {
        double score = 0;
        for (int64_t d = 0; d < size; ++d)
          score += q[static_cast<size_t>((t * heads + h) * size + d)] *
                   k[static_cast<size_t>((j * heads + h) * size + d)];
        sum += p[j] = std::exp(score / std::sqrt(double{size}));
      }
      for (int64_t d = 0; d < size; ++d) {
        double all = 0;
        for (int64_t j = 0; j < length; ++j)
          all += p[j] / sum * v[static_cast<size_t>((j * heads + h) * size + d)];
        mixed[static_cast<size_t>((t * heads + h) * size + d)] = all;
      }
    }
  const auto want = product(mixed, wo, bo, heads * size, features);
  double worst = 0;
  for (size_t i = 0; i < y.size(); ++i)
    worst = std::max(worst, std::abs(y[i] - want[i]) / std::max(1.0, std::abs(want[i])));
  std::printf("%s: worst error %.1e\n", std::string(layer->any().target()).c_str(), worst);
  return worst < 2e-5 ? 0 : 1;
}
