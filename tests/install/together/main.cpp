// Three layers called `encoder` and a Halide pipeline, running at the same time. With identity
// weights for the value and equal keys, a layer's output is the mean of its input, so any mix-up of
// kernels, tables or memory shows.
#include <HalideBuffer.h>

#include <cmath>
#include <cstdio>
#include <thread>
#include <vector>

#include "running_sum.h"
#include "together_a/encoder.attn.h"
#include "together_b/encoder.attn.h"

extern "C" const attn_layer_table attn_together_c_first_encoder;

namespace {

constexpr int64_t length = 40;

/// Weights for `heads` heads of size `size`, with features = heads * size: value and output are the
/// identity, query and key are 0.
struct Weights {
  Weights(int64_t h, int64_t s) : heads(h), size(s), features(h * s) {
    zero.resize(static_cast<size_t>(features * features));
    one = zero;
    for (int64_t i = 0; i < features; ++i) one[static_cast<size_t>(i * features + i)] = 1;
  }
  attn::Tensor in(const std::vector<float>& w) const { return {w, {features, heads, size}}; }
  attn::Tensor out(const std::vector<float>& w) const { return {w, {heads, size, features}}; }
  int64_t heads, size, features;
  std::vector<float> zero, one;
};

/// 0 if many calls all yielded the mean.
int wrong_calls(const attn::AnyLayer& layer, int64_t features) {
  std::vector<float> x(static_cast<size_t>(length * features)), y(x.size());
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 17) - 8;
  const attn::Shape shape{1, length, features};
  attn::Workspace scratch;
  int wrong = 0;
  for (int call = 0; call < 50; ++call) {
    const attn::Status s = layer.run({{"query", {x, shape}}, {"value", {x, shape}}},
                                     {{"output", {y, shape}}}, scratch);
    if (!s.ok()) {
      std::fprintf(stderr, "%s\n", s.message().c_str());
      return 1;
    }
    for (int64_t f = 0; f < features; ++f) {
      double mean = 0;
      for (int64_t t = 0; t < length; ++t)
        mean += x[static_cast<size_t>(t * features + f)] / double{length};
      for (int64_t t = 0; t < length; ++t)
        wrong += !(std::abs(y[static_cast<size_t>(t * features + f)] - mean) < 1e-4);
    }
  }
  return wrong;
}

int wrong_sums() {
  int wrong = 0;
  for (int call = 0; call < 50; ++call) {
    Halide::Runtime::Buffer<float, 2> out(30, 20);
    wrong += running_sum(out) != 0;
    for (int y = 0; y < 20; ++y)
      for (int x = 0; x < 30; ++x) wrong += out(x, y) != static_cast<float>((101 * x + 5050) * y);
  }
  return wrong;
}

}  // namespace

int main() {
  const Weights a(2, 4), b(3, 8);
  auto first = attn::Layer<first::encoder>::load({.query_kernel = a.in(a.zero),
                                                  .key_kernel = a.in(a.zero),
                                                  .value_kernel = a.in(a.one),
                                                  .attention_output_kernel = a.out(a.one)});
  auto second = attn::Layer<second::encoder>::load({.query_kernel = b.in(b.zero),
                                                    .key_kernel = b.in(b.zero),
                                                    .value_kernel = b.in(b.one),
                                                    .attention_output_kernel = b.out(b.one)});
  const attn::Tensor ordered[] = {a.in(a.zero), a.in(a.zero), a.in(a.one), a.out(a.one)};
  auto third =
      attn::AnyLayer::load(attn_together_c_first_encoder, std::span<const attn::Tensor>(ordered));
  for (const attn::Status& s : {first.status(), second.status(), third.status()}) {
    if (!s.ok()) {
      std::fprintf(stderr, "%s\n", s.message().c_str());
      return 1;
    }
  }
  int wrong[4] = {};
  std::thread threads[] = {std::thread([&] { wrong[0] = wrong_calls(first->any(), a.features); }),
                           std::thread([&] { wrong[1] = wrong_calls(second->any(), b.features); }),
                           std::thread([&] { wrong[2] = wrong_calls(*third, a.features); }),
                           std::thread([&] { wrong[3] = wrong_sums(); })};
  for (std::thread& t : threads) t.join();
  std::printf("%s %s, %s %s, %s %s, Halide: %d %d %d %d wrong\n",
              std::string(first->any().library()).c_str(),
              std::string(first->any().target()).c_str(),
              std::string(second->any().library()).c_str(),
              std::string(second->any().target()).c_str(), std::string(third->library()).c_str(),
              std::string(third->target()).c_str(), wrong[0], wrong[1], wrong[2], wrong[3]);
  return wrong[0] + wrong[1] + wrong[2] + wrong[3] == 0 ? 0 : 1;
}
