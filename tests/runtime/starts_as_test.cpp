// An output that starts as an input: in place or in other memory, with any strides.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "cached_layer.h"

namespace {

using attn::DType;
using attn::MutableTensor;
using attn::Shape;
using attn::Tensor;

constexpr int64_t batch = 2, keys = 6, heads = 2, size = 3;
constexpr size_t count = batch * 2 * keys * heads * size;
const Shape shape{batch, 2, keys, heads, size};

struct StartsAs : testing::Test {
  CachedLayer cached;
  std::vector<float> query = std::vector<float>(8), value{10, 20, 30, 40}, y = query;
  std::vector<int32_t> at{1, 3};
  std::vector<float> before = std::vector<float>(count);

  void SetUp() override { std::iota(before.begin(), before.end(), 100.0f); }

  std::string run(const Tensor& from, const MutableTensor& to) {
    attn::Workspace scratch;
    attn::ThreadPool pool(2);
    const attn::Status s = cached.load().run({{"query", {query, {batch, 1, 4}}},
                                              {"value", {value, {batch, 2, 1}}},
                                              {"cache", from},
                                              {"cache_update_index", {at, {batch}}}},
                                             {{"output", {y, {batch, 1, 4}}}, {"cache", to}},
                                             scratch, {.executor = &pool});
    const std::string start = "layer `model::recorder`: ";
    return s.ok() ? "" : s.message().substr(start.size());
  }

  /// The expected cache, at [b, slot, key, head, size].
  std::vector<float> expected() const {
    std::vector<float> result = before;
    for (int64_t b = 0; b < batch; ++b) {
      for (int64_t s = 0; s < 2; ++s) {
        for (int64_t u = 0; u < 2; ++u) {
          const int64_t key = at[static_cast<size_t>(b)] + u;
          auto row = result.begin() + ((b * 2 + s) * keys + key) * heads * size;
          std::fill(row, row + heads * size, value[static_cast<size_t>(b * 2 + u)] + float(s));
        }
      }
    }
    return result;
  }
  /// The elements of a view, in order.
  static std::vector<float> elements(const Tensor& t) {
    std::vector<float> result;
    std::array<int64_t, 5> i{};
    const auto* data = static_cast<const float*>(t.data());
    for (size_t n = 0; n < count; ++n) {
      int64_t offset = 0;
      for (int a = 0; a < 5; ++a) offset += i[static_cast<size_t>(a)] * t.strides()[a];
      result.push_back(data[offset]);
      for (int a = 4; a >= 0 && ++i[static_cast<size_t>(a)] == shape[a]; --a) {
        i[static_cast<size_t>(a)] = 0;
      }
    }
    return result;
  }
};

TEST_F(StartsAs, AMaskThatIsRefusedLeavesTheCacheAsItIs) {
  const std::vector<float> mask{0, 0, 0, 0, 0, -std::numeric_limits<float>::infinity()};
  for (bool in_place : {false, true}) {
    std::vector<float> from = before, other(count, -1);
    std::vector<float>& to = in_place ? from : other;
    const std::vector<float> untouched = to;
    attn::Workspace scratch;
    const attn::Status s =
        cached.load().run({{"query", {query, {batch, 1, 4}}},
                           {"value", {value, {batch, 2, 1}}},
                           {"cache", {from, shape}},
                           {"cache_update_index", {at, {batch}}},
                           {"attention_mask", {mask, {1, keys}}}},
                          {{"output", {y, {batch, 1, 4}}}, {"cache", {to, shape}}}, scratch);
    EXPECT_NE(s.message().find("`attention_mask` holds -inf"), std::string::npos) << s.message();
    EXPECT_EQ(from, before);
    EXPECT_EQ(to, untouched);
  }
}

TEST_F(StartsAs, InPlace) {
  std::vector<float> memory = before;
  ASSERT_EQ(run({memory, shape}, {memory, shape}), "");
  EXPECT_EQ(memory, expected());
  EXPECT_EQ(cached.arguments.back().host, memory.data());
  EXPECT_EQ(y[0], 1);
  EXPECT_EQ(y[4], 3);
}

TEST_F(StartsAs, InOtherMemory) {
  std::vector<float> memory = before, other(count, -1);
  ASSERT_EQ(run({memory, shape}, {other, shape}), "");
  EXPECT_EQ(memory, before);
  EXPECT_EQ(other, expected());
  EXPECT_EQ(cached.arguments.back().host, other.data());
  // The kernel found the previous contents.
  EXPECT_EQ(cached.arguments.back().values[count - 1], before[count - 1]);
}

TEST_F(StartsAs, HoweverItLies) {
  // Heads before keys; every second number; batch innermost; reversed.
  const Shape all[] = {
      {2 * keys * heads * size, keys * heads * size, size, keys * size, 1},
      {4 * keys * heads * size, 2 * keys * heads * size, 2 * heads * size, 2 * size, 2},
      {1, 2 * keys * heads * size, 2 * heads * size, 2 * size, 2},
      {2 * keys * heads * size, keys * heads * size, -heads * size, size, 1}};
  for (const Shape& from_strides : all) {
    for (const Shape& to_strides : all) {
      std::vector<float> from(3 * count, -1), to(3 * count, -1);
      const Tensor in(from.data() + count / 2, shape, from_strides);
      const MutableTensor out(to.data() + count / 2, shape, to_strides);
      // Writes `before` into the input's view.
      std::array<int64_t, 5> i{};
      for (float number : before) {
        int64_t offset = 0;
        for (int a = 0; a < 5; ++a) offset += i[static_cast<size_t>(a)] * from_strides[a];
        from[static_cast<size_t>(int64_t{count / 2} + offset)] = number;
        for (int a = 4; a >= 0 && ++i[static_cast<size_t>(a)] == shape[a]; --a) {
          i[static_cast<size_t>(a)] = 0;
        }
      }
      ASSERT_EQ(run(in, out), "");
      EXPECT_EQ(elements(out), expected());
      EXPECT_EQ(elements(in), before);
      EXPECT_EQ(std::count(to.begin(), to.end(), -1.0f), 2 * int64_t{count});
      // In place.
      ASSERT_EQ(run(in, {from.data() + count / 2, shape, from_strides}), "");
      EXPECT_EQ(elements(in), expected());
    }
  }
}

TEST_F(StartsAs, AnInputThatIsBroadcastIsWrittenOut) {
  // One prompt for all sequences, and then one number for all elements.
  std::vector<float> memory = before, other(count, -1);
  const int64_t sequence = 2 * keys * heads * size;
  ASSERT_EQ(
      run({memory.data(), shape, {0, keys * heads * size, heads * size, size, 1}}, {other, shape}),
      "");
  std::copy_n(before.begin(), sequence, before.begin() + sequence);
  EXPECT_EQ(other, expected());
  std::vector<float> twice(2 * count, -1);
  const MutableTensor strided(
      twice.data(), shape, {2 * sequence, 2 * keys * heads * size, 2 * heads * size, 2 * size, 2});
  ASSERT_EQ(run({memory.data(), shape, {0, 0, 0, 0, 0}}, strided), "");
  std::fill(before.begin(), before.end(), memory[0]);
  EXPECT_EQ(elements(strided), expected());
}

TEST_F(StartsAs, Sentences) {
  std::vector<float> memory(2 * count);
  EXPECT_EQ(
      run({memory, shape}, {memory.data() + 1, shape}),
      "output `cache` overlaps input `cache` in part: expected the same view, or other memory; "
      "got float32 [2, 2, 6, 2, 3]");
  EXPECT_EQ(
      run({memory, shape}, {memory.data(), shape, {72, 36, 3, 18, 1}}),
      "output `cache` overlaps input `cache` in part: expected the same view, or other memory; "
      "got float32 [2, 2, 6, 2, 3] strides [72, 36, 3, 18, 1]");
  EXPECT_EQ(run({memory, shape}, {memory.data() + count, shape}), "");
  EXPECT_EQ(run({memory, shape}, {memory, {2, 2, 5, 2, 3}}),
            "output `cache` has length 5 on axis 2 (key), expected 6 as in input `cache`; got "
            "float32 [2, 2, 5, 2, 3]");
  EXPECT_EQ(run({memory.data(), DType::float16, shape}, {memory, shape}),
            "input `cache` has type float16, expected float32; got float16 [2, 2, 6, 2, 3]");
  // More new positions than the cache has: writing fewer would be wrong.
  EXPECT_EQ(run({memory, {2, 2, 1, 2, 3}}, {memory, {2, 2, 1, 2, 3}}),
            "output `cache` has 1 positions, fewer than the 2 that input `value` adds; got float32 "
            "[2, 2, 1, 2, 3]");
  query.resize(2 * count);
  EXPECT_EQ(run({memory, shape}, {query, shape}),
            "output `cache` lies in the memory of input `query`: a layer does not work in place");
}

TEST_F(StartsAs, BetweenEachOthersRows) {
  // In memory: [key, old or new, batch and everything else]
  std::vector<float> memory(2 * count);
  const Shape strides{heads * size, batch * heads * size, 2 * 2 * batch * heads * size, size, 1};
  const int64_t other = 2 * batch * heads * size;
  ASSERT_EQ(run({memory.data(), shape, strides}, {memory.data() + other, shape, strides}), "");
  EXPECT_EQ(memory[0], 0);
  EXPECT_EQ(memory[static_cast<size_t>(2 * other + other)], 10);  // key 1 of sequence 0
  for (int64_t off : {int64_t{1}, -other + 1, other - 1, 2 * other}) {
    const int64_t first = off < 0 ? -off : 0;
    EXPECT_NE(
        run({memory.data() + first, shape, strides}, {memory.data() + first + off, shape, strides})
            .find("overlaps input `cache` in part"),
        std::string::npos)
        << off;
  }
}

TEST_F(StartsAs, NoPositions) {
  std::vector<float> none;
  const Shape empty{batch, 2, 0, heads, size};
  value.clear();
  attn::Workspace scratch;
  const attn::Status s =
      cached.load().run({{"query", {query, {batch, 1, 4}}},
                         {"value", {value, {batch, 0, 1}}},
                         {"cache", {none, empty}},
                         {"cache_update_index", {at, {batch}}}},
                        {{"output", {y, {batch, 1, 4}}}, {"cache", {none, empty}}}, scratch);
  EXPECT_EQ(s.message(), "");
  EXPECT_EQ(cached.ran, "decode");
}

}  // namespace
