// decode_test.cpp - a decode loop with an in-place cache yields the rows of one full causal pass,
// up to rounding, on every variant, and a step allocates nothing.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "attn/runtime/key_value_cache.h"
#include "common/count_allocations.h"
#include "layers/five/bindings.h"
#include "layers/targets.h"

namespace attn_test {
namespace {

using Inputs = attn::Layer<five::cached>::Inputs;
constexpr int64_t heads = 3, size = 8, features = 24;

std::vector<float> numbers(std::mt19937& r, int64_t count, float scale) {
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> v(static_cast<size_t>(count));
  for (float& x : v) x = normal(r);
  return v;
}

struct Weights {
  std::mt19937 r{5};
  std::vector<float> kernels = numbers(r, 4 * features * heads * size, 0.2f),
                     biases = numbers(r, 3 * heads * size + features, 0.5f);
  attn::Result<attn::Layer<five::cached>> load(const std::string& target) const {
    const float *k = kernels.data(), *b = biases.data();
    constexpr int64_t n = features * heads * size, row = heads * size;
    const attn::Shape in{features, heads, size}, bias{heads, size};
    return attn::Layer<five::cached>::load(
        {.query_kernel = {k, in},
         .query_bias = {b, bias},
         .key_kernel = {k + n, in},
         .key_bias = {b + row, bias},
         .value_kernel = {k + 2 * n, in},
         .value_bias = {b + 2 * row, bias},
         .attention_output_kernel = {k + 3 * n, {heads, size, features}},
         .attention_output_bias = {b + 3 * row, {features}}},
        {.target = target});
  }
};

/// Rows [from, from + count) of every sequence.
attn::Tensor part(const std::vector<float>& x, int64_t all, int64_t from, int64_t count) {
  return {x.data() + from * features, {2, count, features}, {all * features, features, 1}};
}
attn::MutableTensor part(std::vector<float>& x, int64_t all, int64_t from, int64_t count) {
  return {x.data() + from * features, {2, count, features}, {all * features, features, 1}};
}

void decodes_as_one_pass(const std::string& target, int64_t prompt, int64_t all, int64_t capacity) {
  const auto layer = Weights().load(target);
  if (layer.status().code() == attn::StatusCode::unsupported) return;  // not supported by this CPU
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  std::mt19937 r(11);
  const auto x = numbers(r, 2 * all * features, 1);
  std::vector<float> whole(x.size(), NAN), steps(x.size(), NAN);
  attn::Workspace scratch;
  attn::Status s = layer->run(
      {.query = part(x, all, 0, all), .value = part(x, all, 0, all), .use_causal_mask = true},
      {.output = part(whole, all, 0, all)}, scratch);
  ASSERT_TRUE(s.ok()) << s.message();

  auto cache =
      attn::KeyValueCache::make({.batch = 2, .capacity = capacity, .heads = heads, .size = size});
  ASSERT_TRUE(cache.ok());
  for (int64_t from = 0; from < all;) {
    const int64_t count = from == 0 ? prompt : 1;
    const int made = allocations_of([&] {
      s = attn::append(*layer, *cache,
                       {.query = part(x, all, from, count),
                        .value = part(x, all, from, count),
                        .use_causal_mask = true},
                       {.output = part(steps, all, from, count)}, scratch);
    });
    ASSERT_TRUE(s.ok()) << s.message();
    if (from > prompt) ASSERT_EQ(made, 0) << "at position " << from << " on " << target;
    from += count;
  }
  double worst = 0;
  for (size_t i = 0; i < whole.size(); ++i)
    worst = std::fmax(worst, std::abs(double{whole[i]} - double{steps[i]}));
  EXPECT_LT(worst, 1e-5) << target;
}

TEST(DecodeLoop, GivesTheRowsOfOneCausalPassAndAllocatesNothing) {
  for (const std::string& target : targets_of(attn::Binding<five::cached>::table())) {
    decodes_as_one_pass(target, 9, 70, 70);      // full at the end
    decodes_as_one_pass(target, 1, 40, 2000);    // far from full: the unused rest is not read
    decodes_as_one_pass(target, 515, 530, 540);  // more keys than one task has
  }
}

TEST(DecodeLoop, ReadsNothingBehindWhatWasWritten) {
  // The rest of the cache is NaN: a mask alone would not help, as zero times NaN is NaN.
  const auto layer = Weights().load("baseline");
  ASSERT_TRUE(layer.ok());
  constexpr int64_t capacity = 600;
  std::vector<float> memory(static_cast<size_t>(2 * 2 * capacity * heads * size), 0.0f);
  std::mt19937 r(3);
  const auto x = numbers(r, 2 * 4 * features, 1);
  std::vector<float> y(x.size(), NAN), again(x.size(), NAN);
  const attn::Shape shape{2, 2, capacity, heads, size};
  const std::vector<int32_t> at{3, 0};
  attn::Workspace scratch;
  for (std::vector<float>* out : {&y, &again}) {
    const attn::Status s =
        layer->run({.query = part(x, 4, 0, 1),
                    .value = part(x, 4, 0, 1),
                    .cache = {memory, shape},
                    .cache_update_index = {at, {2}},
                    .use_causal_mask = true},
                   {.output = part(*out, 4, 0, 1), .cache = {memory, shape}}, scratch);
    ASSERT_TRUE(s.ok()) << s.message();
    // Whole tasks beyond the longest sequence.
    for (size_t half = 0; half < 4; ++half) {
      const auto begin = memory.begin() + static_cast<int64_t>(half) * capacity * heads * size;
      std::fill(begin + 512 * heads * size, begin + capacity * heads * size, NAN);
    }
  }
  EXPECT_EQ(y[0], again[0]);
  EXPECT_EQ(0, std::memcmp(y.data(), again.data(), features * sizeof(float)));
}

}  // namespace
}  // namespace attn_test
