// main.cpp - a decode loop: a prompt, then one position after another, against one causal pass over
// all of them.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "attn/runtime/key_value_cache.h"
#include "decoder/attention.attn.h"

namespace {

constexpr int features = 64, heads = 4, size = 16, batch = 2, prompt = 9, all = 40;

std::vector<float> numbers(size_t count, float scale) {
  static std::mt19937 random(7);
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> v(count);
  for (float& x : v) x = normal(random);
  return v;
}

attn::Status run(double& largest) {
  const auto in = numbers(3 * features * heads * size, 0.125f), bias = numbers(3 * heads * size, 1),
             out = numbers(heads * size * features, 0.125f), out_bias = numbers(features, 1);
  constexpr size_t kernel = features * heads * size, row = heads * size;
  const attn::Shape to_heads{features, heads, size}, per_head{heads, size};
  auto layer = attn::Layer<model::attention>::load(
      {.query_kernel = {in.data(), to_heads},
       .query_bias = {bias.data(), per_head},
       .key_kernel = {in.data() + kernel, to_heads},
       .key_bias = {bias.data() + row, per_head},
       .value_kernel = {in.data() + 2 * kernel, to_heads},
       .value_bias = {bias.data() + 2 * row, per_head},
       .attention_output_kernel = {out, {heads, size, features}},
       .attention_output_bias = {out_bias, {features}}});
  if (!layer.ok()) return layer.status();

  // All positions at once: no cache, every one sees those before it.
  const auto x = numbers(batch * all * features, 1);
  std::vector<float> whole(x.size()), stepwise(x.size());
  const attn::Shape shape{batch, all, features};
  attn::Workspace scratch;
  attn::Status s = layer->run({.query = {x, shape}, .value = {x, shape}, .use_causal_mask = true},
                              {.output = {whole, shape}}, scratch);
  if (!s.ok()) return s;

  // The prompt at once, then one position a step, with the keys and values so far in the cache.
  auto cache =
      attn::KeyValueCache::make({.batch = batch, .capacity = all, .heads = heads, .size = size});
  if (!cache.ok()) return cache.status();
  for (int from = 0; from < all;) {
    const int count = from == 0 ? prompt : 1;
    const attn::Shape part{batch, count, features}, strides{all * features, features, 1};
    const attn::Tensor tokens(x.data() + from * features, part, strides);
    const attn::MutableTensor y(stepwise.data() + from * features, part, strides);
    s = attn::append(*layer, *cache, {.query = tokens, .value = tokens, .use_causal_mask = true},
                     {.output = y}, scratch);
    if (!s.ok()) return s;
    from += count;
  }
  for (size_t i = 0; i < whole.size(); ++i)
    largest = std::max(largest, std::abs(double{whole[i]} - double{stepwise[i]}));
  std::printf("%d positions, %d of them the prompt: %.1e from one causal pass\n", all, prompt,
              largest);

  // The cache is full now. A further step is refused, and nothing is lost.
  const attn::Shape one{batch, 1, features};
  s = attn::append(*layer, *cache, {.query = {x.data(), one}, .value = {x.data(), one}},
                   {.output = {stepwise.data(), one}}, scratch);
  std::printf("one more: %s\n", s.message().c_str());
  return s.ok() ? attn::Status(attn::StatusCode::internal, "a full cache took one more")
                : attn::Status();
}

}  // namespace

int main() {
  double largest = 0;
  const attn::Status s = run(largest);
  if (!s.ok()) std::fprintf(stderr, "cached_multi_head_attention: %s\n", s.message().c_str());
  return s.ok() && largest < 2e-5 ? 0 : 1;
}
