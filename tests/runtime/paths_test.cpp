// Which path serves a call, depending on its inputs and outputs; and the error if none does.
#include <gtest/gtest.h>

#include "cached_layer.h"

namespace {

using attn::MutableTensor;
using attn::NamedMutableTensor;
using attn::NamedTensor;
using attn::Shape;
using attn::Tensor;

struct Paths : testing::Test {
  CachedLayer cached;
  attn::AnyLayer layer = cached.load();
  std::vector<float> x = std::vector<float>(256), y = std::vector<float>(256),
                     cache = std::vector<float>(2 * 2 * 6 * 2 * 3), z = cache;
  std::vector<int32_t> at{1, 2};
  Tensor query{x, {2, 3, 4}}, value{x, {2, 3, 4}}, index{at, {2}}, full{cache, {2, 2, 6, 2, 3}};
  MutableTensor output{y, {2, 3, 4}}, kept{z, {2, 2, 6, 2, 3}};

  std::string run(std::vector<NamedTensor> in, const std::vector<NamedMutableTensor>& out,
                  attn::StatusCode code = attn::StatusCode::ok) {
    in.push_back({"query", query});
    in.push_back({"value", value});
    attn::Workspace scratch;
    const attn::Status s = layer.run(std::span<const NamedTensor>(in),
                                     std::span<const NamedMutableTensor>(out), scratch);
    EXPECT_EQ(s.code(), code) << s.message();
    const std::string start = "layer `model::recorder`: ";
    return s.ok() ? cached.ran : s.message().substr(start.size());
  }
};

TEST_F(Paths, ByWhatIsGivenAndAskedFor) {
  EXPECT_EQ(run({}, {{"output", output}}), "plain");
  EXPECT_EQ(run({}, {{"output", output}, {"attention_scores", {z.data(), {2, 2, 3, 3}}}}),
            "scores");
  EXPECT_EQ(
      run({{"cache", full}, {"cache_update_index", index}}, {{"output", output}, {"cache", kept}}),
      "decode");
}

TEST_F(Paths, WhyNone) {
  constexpr auto unsupported = attn::StatusCode::unsupported,
                 invalid = attn::StatusCode::invalid_argument;
  EXPECT_EQ(run({{"cache_update_index", index}}, {{"output", output}}, unsupported),
            "there is no path for a call with `cache_update_index` and without `cache`; its paths "
            "serve calls with `cache` and `cache_update_index`, or without `cache` and "
            "`cache_update_index`");
  EXPECT_EQ(run({{"cache", full}}, {{"output", output}, {"cache", kept}}, unsupported),
            "there is no path for a call with `cache` and without `cache_update_index`; its paths "
            "serve calls with `cache` and `cache_update_index`, or without `cache` and "
            "`cache_update_index`");
  EXPECT_EQ(
      run({{"cache", full}, {"cache_update_index", index}}, {{"output", output}}, invalid),
      "output `cache` is missing: with `cache` and `cache_update_index` it makes `output` and "
      "`cache`; got `output`");
  EXPECT_EQ(
      run({{"cache", full}, {"cache_update_index", index}},
          {{"output", output}, {"attention_scores", {y.data(), {2, 2, 3, 6}}}, {"cache", kept}},
          unsupported),
      "with `cache` and `cache_update_index` it makes `output` and `cache`; got `output`, "
      "`attention_scores` and `cache`");
  EXPECT_EQ(run({}, {{"output", output}, {"cache", kept}}, unsupported),
            "without `cache` and `cache_update_index` it makes `output`, or `output` and "
            "`attention_scores`; got `output` and `cache`");
  EXPECT_EQ(run({}, {}, invalid),
            "output `output` is missing: without `cache` and `cache_update_index` it makes "
            "`output`, or `output` and `attention_scores`; got nothing");
}

TEST_F(Paths, KeysAreTheNewOnesWhereThereIsNoCache) {
  EXPECT_EQ(
      run({{"attention_mask", {x.data(), {3, 4}}}}, {{"output", output}},
          attn::StatusCode::invalid_argument),
      "input `attention_mask` has length 4 on axis 1 (key), expected 3 as in input `value`, or "
      "1; got float32 [3, 4]");
  EXPECT_EQ(run({{"attention_mask", {x.data(), {3, 3}}}}, {{"output", output}}), "plain");
  EXPECT_EQ(cached.seen("attention_mask").extents(), (std::vector<int>{3, 3, 2, 2}));
  const std::vector<NamedTensor> with{{"cache", full}, {"cache_update_index", index}};
  auto masked = with;
  masked.push_back({"attention_mask", {x.data(), {3, 6}}});
  EXPECT_EQ(run(masked, {{"output", output}, {"cache", kept}}), "decode");
  EXPECT_EQ(cached.seen("attention_mask").extents(), (std::vector<int>{6, 3, 2, 2}));
  masked.back().tensor = {x.data(), {3, 3}};
  EXPECT_EQ(
      run(masked, {{"output", output}, {"cache", kept}}, attn::StatusCode::invalid_argument),
      "input `attention_mask` has length 3 on axis 1 (key), expected 6 as in input `cache`, or "
      "1; got float32 [3, 3]");
}

TEST_F(Paths, OutputShapesKnowTheRuleToo) {
  const NamedTensor without[] = {{"query", query}, {"value", value}};
  EXPECT_EQ(*layer.output_shape("attention_scores", without), (Shape{2, 2, 3, 3}));
  EXPECT_EQ(
      layer.output_shape("cache", without).status().message(),
      "layer `model::recorder`: the inputs given do not tell axis 4 (size) of output `cache`");
  const NamedTensor with[] = {{"query", query}, {"value", value}, {"cache", full}};
  EXPECT_EQ(*layer.output_shape("cache", with), (Shape{2, 2, 6, 2, 3}));
  EXPECT_EQ(*layer.output_shape("attention_scores", with), (Shape{2, 2, 3, 6}));
  using namespace recorder;
  Recorder wide;
  wide.input("x", {B, Q1, Q, F, F1}).output("y", {B, Q1, Q, F1}).path("path").takes("x", 0);
  wide.makes("y", ATTN_FORM_ROWS);
  const NamedTensor in[] = {{"x", {x, {1, 2, 3, 4, 5}}}};
  EXPECT_EQ(*wide.load().output_shape("y", in), (Shape{1, 2, 3, 5}));
}

TEST_F(Paths, ManyQueriesAndStandIns) {
  using namespace recorder;
  Recorder r;
  r.input("query", {B, Q, Q1, F}).input("value", {B, K, F});
  r.input("key", {B, K, F}, {.optional = true, .or_input = 1}).output("y", {B, Q, Q1, F});
  r.path("own").takes("key", 0).makes("y", 0).serves({"key"});
  r.path("stand_in").takes("key", 0).makes("y", 0).serves({}, {"key"});
  const attn::AnyLayer two = r.load();
  const Tensor q(x, {1, 2, 3, 1}), v(x, {1, 4, 1}), k(y, {1, 4, 1});
  attn::Workspace scratch;
  ASSERT_TRUE(two.run({{"query", q}, {"value", v}}, {{"y", {z, {1, 2, 3, 1}}}}, scratch).ok());
  EXPECT_EQ(r.ran, "stand_in");
  EXPECT_EQ(r.seen("key").host, x.data());
  ASSERT_TRUE(
      two.run({{"query", q}, {"value", v}, {"key", k}}, {{"y", {z, {1, 2, 3, 1}}}}, scratch).ok());
  EXPECT_EQ(r.ran, "own");
  EXPECT_EQ(r.seen("key").host, y.data());
}

}  // namespace
