// The memory of a decode loop.
#include "attn/runtime/key_value_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "cached_layer.h"

namespace model {
extern const attn::Description cached;
}

namespace {
const attn_layer_table* bound = nullptr;
}

template <>
struct attn::Binding<model::cached> {
  struct Weights {};
  struct Inputs {
    attn::Tensor query{};
    attn::Tensor value{};
    attn::Tensor cache{};
    attn::Tensor cache_update_index{};
    attn::Tensor attention_mask{};
  };
  struct Outputs {
    attn::MutableTensor output{};
    attn::MutableTensor attention_scores{};
    attn::MutableTensor cache{};
  };
  static const attn_layer_table& table() { return *bound; }
  static std::array<attn::Tensor, 0> list(const Weights&) { return {}; }
  static std::array<attn::Tensor, 5> list(const Inputs& i) {
    return {i.query, i.value, i.cache, i.cache_update_index, i.attention_mask};
  }
  static std::array<attn::MutableTensor, 3> list(const Outputs& o) {
    return {o.output, o.attention_scores, o.cache};
  }
};

namespace {

using attn::DType;
using attn::KeyValueCache;
using attn::Shape;
using attn::StatusCode;

KeyValueCache made(const KeyValueCache::Sizes& sizes) {
  auto cache = KeyValueCache::make(sizes);
  EXPECT_TRUE(cache.ok()) << cache.status().message();
  return *std::move(cache);
}

TEST(KeyValueCache, IsZeroAndAligned) {
  for (DType dtype : {DType::float32, DType::float64, DType::float16, DType::bfloat16}) {
    KeyValueCache cache = made({.batch = 3, .capacity = 5, .heads = 2, .size = 7, .dtype = dtype});
    EXPECT_EQ(cache.input().shape(), (Shape{3, 2, 5, 2, 7}));
    EXPECT_EQ(cache.input().dtype(), dtype);
    EXPECT_EQ(cache.output().data(), cache.input().data());
    EXPECT_EQ(cache.bytes(), 420 * attn::size_of(dtype));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(cache.input().data()) % 128, 0u);
    const auto* bytes = static_cast<const uint8_t*>(cache.input().data());
    EXPECT_EQ(std::count(bytes, bytes + cache.bytes(), 0), static_cast<int64_t>(cache.bytes()));
    EXPECT_EQ(cache.lengths().describe(), "int32 [3]");
    EXPECT_EQ(cache.length(2), 0);
  }
}

TEST(KeyValueCache, CannotBeMadeOfEverything) {
  auto message = [](const KeyValueCache::Sizes& sizes, StatusCode code) {
    const auto cache = KeyValueCache::make(sizes);
    EXPECT_EQ(cache.status().code(), code);
    return cache.status().message();
  };
  EXPECT_EQ(
      message({.batch = 2, .capacity = 0, .heads = 2, .size = 8}, StatusCode::invalid_argument),
      "a cache cannot have batch 2, capacity 0, heads 2 and size 8: expected 1 to 2^31 - 1 of "
      "each");
  EXPECT_EQ(
      message({.capacity = int64_t{1} << 31, .heads = 2, .size = 8}, StatusCode::invalid_argument),
      "a cache cannot have batch 1, capacity 2147483648, heads 2 and size 8: expected 1 to "
      "2^31 - 1 of each");
  EXPECT_EQ(message({.capacity = 8, .heads = 2, .size = 8, .dtype = DType::int8},
                    StatusCode::invalid_argument),
            "a cache cannot hold int8: expected float32, float64, float16 or bfloat16");
  EXPECT_EQ(message({.batch = 1 << 20, .capacity = 1 << 20, .heads = 8, .size = 128},
                    StatusCode::unsupported),
            "the system has no memory for a cache of 2251799813685248 numbers of type float32");
}

TEST(KeyValueCache, CountsPositions) {
  KeyValueCache cache = made({.batch = 4, .capacity = 4096, .heads = 1, .size = 1});
  ASSERT_TRUE(cache.append(10).ok());
  const int64_t counts[] = {0, 1, 2, 3990};
  ASSERT_TRUE(cache.append(counts).ok());
  EXPECT_EQ(cache.length(0), 10);
  EXPECT_EQ(cache.length(3), 4000);
  EXPECT_EQ(static_cast<const int32_t*>(cache.lengths().data())[2], 12);
  EXPECT_TRUE(cache.room_for(96).ok());
  EXPECT_EQ(cache.room_for(200).message(),
            "sequence 3 holds 4000 of 4096 positions; 200 more do not fit");
  EXPECT_EQ(cache.room_for(200).code(), StatusCode::invalid_argument);
  EXPECT_EQ(cache.append(97).message(),
            "sequence 3 holds 4000 of 4096 positions; 97 more do not fit");
  EXPECT_EQ(cache.length(0), 10);  // nothing changed
  const int64_t some[] = {4086, 0, 0, 97}, fits[] = {4086, 0, 0, 96}, back[] = {0, -1, 0, 0};
  EXPECT_EQ(cache.append(some).message(),
            "sequence 3 holds 4000 of 4096 positions; 97 more do not fit");
  EXPECT_EQ(cache.length(0), 10);
  EXPECT_EQ(cache.room_for(back).message(), "sequence 1 cannot become longer by -1 positions");
  EXPECT_EQ(cache.room_for(INT64_MAX).message(),
            "sequence 0 holds 10 of 4096 positions; 9223372036854775807 more do not fit");
  EXPECT_EQ(cache.append(std::span(fits, 3)).message(), "got 3 counts for 4 sequences");
  EXPECT_TRUE(cache.append(fits).ok());
  EXPECT_EQ(cache.length(0), 4096);
  EXPECT_EQ(cache.length(3), 4096);

  EXPECT_TRUE(cache.truncate(3, 5).ok());
  EXPECT_EQ(cache.length(3), 5);
  EXPECT_EQ(cache.truncate(3, 6).message(), "sequence 3 holds 5 positions; it cannot be cut to 6");
  EXPECT_EQ(cache.truncate(3, -1).message(),
            "sequence 3 holds 5 positions; it cannot be cut to -1");
  EXPECT_EQ(cache.truncate(4, 0).message(), "there is no sequence 4, only 0 to 3");
  cache.clear();
  EXPECT_EQ(cache.length(0), 0);
  EXPECT_TRUE(cache.room_for(4096).ok());
}

TEST(KeyValueCache, CopiesSequences) {
  KeyValueCache cache =
      made({.batch = 3, .capacity = 4, .heads = 2, .size = 1, .dtype = DType::float16});
  auto* numbers = static_cast<uint16_t*>(cache.output().data());
  std::iota(numbers, numbers + 48, uint16_t{0});
  const int64_t counts[] = {0, 3, 1};
  ASSERT_TRUE(cache.append(counts).ok());
  ASSERT_TRUE(cache.copy_sequence(1, 2).ok());
  EXPECT_EQ(cache.length(2), 3);
  std::vector<uint16_t> expected(48);
  std::iota(expected.begin(), expected.end(), uint16_t{0});
  for (size_t slot = 0; slot < 2; ++slot) {
    std::copy_n(expected.begin() + static_cast<int>(16 + 8 * slot), 6,
                expected.begin() + static_cast<int>(32 + 8 * slot));
  }
  EXPECT_EQ(std::vector<uint16_t>(numbers, numbers + 48), expected);
  ASSERT_TRUE(cache.copy_sequence(1, 1).ok());
  EXPECT_EQ(cache.copy_sequence(1, 3).message(), "there is no sequence 3, only 0 to 2");
  EXPECT_EQ(cache.copy_sequence(-1, 0).message(), "there is no sequence -1, only 0 to 2");
}

struct Steps : testing::Test {
  CachedLayer cached;
  attn::AnyLayer layer = cached.load();
  KeyValueCache cache = made({.batch = 2, .capacity = 5, .heads = 2, .size = 3});
  std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8}, y = std::vector<float>(8, -1);
  attn::Workspace scratch;

  attn::Tensor rows(int64_t count) { return {x, {2, count, 1}}; }
  attn::MutableTensor out(int64_t count) { return {y, {2, count, 1}}; }
  float at(int64_t b, int64_t slot, int64_t key) {
    return static_cast<const float*>(cache.input().data())[((b * 2 + slot) * 5 + key) * 6];
  }
};

TEST_F(Steps, RunsInPlaceAndCounts) {
  attn::Status s = attn::append(layer, cache, {{"query", rows(2)}, {"value", rows(2)}},
                                {{"output", out(2)}}, scratch);
  ASSERT_TRUE(s.ok()) << s.message();
  EXPECT_EQ(cached.ran, "decode");
  EXPECT_EQ(cached.arguments.back().host, cache.input().data());
  EXPECT_EQ(cached.seen("cache_update_index").host, cache.lengths().data());
  EXPECT_EQ(cache.length(0), 2);
  const attn::Tensor in[] = {rows(1), rows(1)};
  const attn::MutableTensor to[] = {out(1)};
  s = attn::append(layer, cache, in, to, scratch);
  ASSERT_TRUE(s.ok()) << s.message();
  EXPECT_EQ(y[1], 2);  // the number of positions before the call
  EXPECT_EQ(cache.length(1), 3);
  EXPECT_EQ(at(0, 0, 0), 1);
  EXPECT_EQ(at(1, 0, 1), 4);
  EXPECT_EQ(at(0, 0, 2), 1);
  EXPECT_EQ(at(1, 1, 2), 3);
  EXPECT_EQ(at(1, 1, 3), 0);
}

TEST_F(Steps, Typed) {
  bound = &cached.table();
  auto typed = attn::Layer<model::cached>::load(attn::Layer<model::cached>::Weights{});
  ASSERT_TRUE(typed.ok()) << typed.status().message();
  attn::Status s = attn::append(*typed, cache, {.query = rows(2), .value = rows(2)},
                                {.output = out(2)}, scratch);
  ASSERT_TRUE(s.ok()) << s.message();
  EXPECT_EQ(cache.length(1), 2);
  // The same by hand.
  ASSERT_TRUE(cache.room_for(1).ok());
  s = typed->run({.query = rows(1),
                  .value = rows(1),
                  .cache = cache.input(),
                  .cache_update_index = cache.lengths()},
                 {.output = out(1), .cache = cache.output()}, scratch);
  ASSERT_TRUE(s.ok()) << s.message();
  ASSERT_TRUE(cache.append(1).ok());
  EXPECT_EQ(at(1, 0, 2), 2);
}

TEST_F(Steps, WithoutRoomNothingIsLost) {
  ASSERT_TRUE(attn::append(layer, cache, {{"query", rows(4)}, {"value", rows(4)}},
                           {{"output", out(4)}}, scratch)
                  .ok());
  ASSERT_TRUE(cache.truncate(0, 1).ok());
  const auto* numbers = static_cast<const float*>(cache.input().data());
  const std::vector<float> before(numbers, numbers + 120), made = y;
  const attn::Status s = attn::append(layer, cache, {{"query", rows(2)}, {"value", rows(2)}},
                                      {{"output", out(2)}}, scratch);
  EXPECT_EQ(s.message(),
            "layer `model::recorder`: sequence 1 holds 4 of 5 positions; 2 more do not fit");
  EXPECT_EQ(std::vector<float>(numbers, numbers + 120), before);
  EXPECT_EQ(y, made);
  EXPECT_EQ(cache.length(0), 1);
  EXPECT_EQ(cache.length(1), 4);
  ASSERT_TRUE(attn::append(layer, cache, {{"query", rows(1)}, {"value", rows(1)}},
                           {{"output", out(1)}}, scratch)
                  .ok());
  EXPECT_EQ(cache.length(1), 5);
}

TEST_F(Steps, Sentences) {
  auto message = [&](std::vector<attn::NamedTensor> in, std::vector<attn::NamedMutableTensor> out) {
    const attn::Status s = attn::append(layer, cache, std::span<const attn::NamedTensor>(in),
                                        std::span<const attn::NamedMutableTensor>(out), scratch);
    EXPECT_EQ(cache.length(0), 0);
    const std::string start = "layer `model::recorder`: ";
    return s.ok() ? "ok" : s.message().substr(start.size());
  };
  const attn::NamedTensor query{"query", rows(2)}, value{"value", rows(2)};
  EXPECT_EQ(message({query, value, {"cache", cache.input()}}, {{"output", out(2)}}),
            "input `cache` is given, and is the cache's");
  EXPECT_EQ(message({query, value}, {{"output", out(2)}, {"cache", cache.output()}}),
            "output `cache` is given, and is the cache's");
  EXPECT_EQ(message({query, value, {"cache_update_index", cache.lengths()}}, {{"output", out(2)}}),
            "input `cache_update_index` is given, and is the cache's");
  EXPECT_EQ(message({query, {"valeu", rows(2)}}, {{"output", out(2)}}),
            "there is no input `valeu`, only `query`, `value`, `cache`, `cache_update_index`, "
            "`attention_mask`");
  EXPECT_EQ(message({query}, {{"output", out(2)}}), "input `value` is missing");
  EXPECT_EQ(message({query, {"value", {x, {2, 2}}}}, {{"output", out(2)}}),
            "input `value` has 2 axes, expected 3: [batch, update, feature.1]; got float32 [2, 2]");
  EXPECT_EQ(
      message({{"query", {x, {1, 2, 1}}}, {"value", {x, {1, 2, 1}}}}, {{"output", {y, {1, 2, 1}}}}),
      "input `cache` has length 2 on axis 0 (batch), expected 1 as in input `query`; got "
      "float32 [2, 2, 5, 2, 3]");
  recorder::Recorder plain;
  using namespace recorder;
  plain.input("x", {B, Q, F}).output("y", {B, Q, F}).path("path").takes("x", 0).makes("y", 0);
  EXPECT_EQ(attn::append(plain.load(), cache, {{"x", rows(1)}}, {{"y", out(1)}}, scratch).message(),
            "layer `model::recorder`: has 0 outputs that start as an input and 0 indices; expected "
            "one cache, and one index of where to go on in it");
}

}  // namespace
