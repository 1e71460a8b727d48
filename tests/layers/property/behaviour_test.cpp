// behaviour_test.cpp - layers in edge cases: no keys, rows without keys, NaN, many callers.
#include <gtest/gtest.h>

#include <thread>

#include "layers/property/cases.h"

namespace attn_test {
namespace {

const Subject& usual() { return subjects()[3]; }
const Subject& odd() { return subjects()[1]; }

Call call_of(const Subject& s, Random& r, int batch, int queries, int keys) {
  Call c;
  c.batch = batch, c.queries = queries, c.keys = keys;
  c.query_features = c.key_features = c.value_features = 16;
  c.output_features = s.output_features ? s.output_features : 16;
  c.query = numbers(r, static_cast<size_t>(batch * queries * 16));
  c.value = numbers(r, static_cast<size_t>(batch * keys * 16));
  c.key = numbers(r, static_cast<size_t>(batch * keys * 16));
  return c;
}

struct Made {
  std::vector<float> output, scores;
};

Made run(const attn::AnyLayer& layer, const Subject& s, const Call& c,
         const attn::Tensor& mask = {}, attn::Workspace* lent = nullptr) {
  Made m;
  m.output.assign(static_cast<size_t>(c.batch * c.queries * c.output_features), -7.0f);
  m.scores.assign(static_cast<size_t>(c.batch * s.config.num_heads * c.queries * c.keys), -7.0f);
  attn::Workspace own;
  const bool causal = c.causal;
  const attn::Shape positions{c.batch, c.keys, 16};
  std::vector<attn::NamedTensor> inputs{{"query", {c.query, {c.batch, c.queries, 16}}},
                                        {"value", {c.value, positions}},
                                        {"key", {c.key, positions}},
                                        {"use_causal_mask", attn::Tensor::flag(causal)}};
  if (mask.present()) inputs.push_back({"attention_mask", mask});
  std::vector<attn::NamedMutableTensor> outputs{{"output", {m.output, {c.batch, c.queries, 16}}}};
  if (c.with_scores) {
    outputs.push_back(
        {"attention_scores", {m.scores, {c.batch, s.config.num_heads, c.queries, c.keys}}});
  }
  const attn::Status status = layer.run(std::span<const attn::NamedTensor>(inputs),
                                        std::span<const attn::NamedMutableTensor>(outputs),
                                        lent ? *lent : own, {.executor = &attn::serial_executor()});
  EXPECT_TRUE(status.ok()) << status.message();
  return m;
}

bool row_is_nan(const Made& m, const Call& c, int row) {
  int nans = 0;
  for (int f = 0; f < c.output_features; ++f)
    nans += std::isnan(m.output[static_cast<size_t>(row * c.output_features + f)]);
  EXPECT_TRUE(nans == 0 || nans == c.output_features) << "row " << row << " is NaN in part";
  return nans != 0;
}

class EveryVariant : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, EveryVariant, testing::ValuesIn(targets_here()),
                         [](const auto& info) { return info.param; });

TEST_P(EveryVariant, WithoutKeysTheOutputIsTheBias) {
  for (const bool scores : {false, true}) {
    Random r(1);
    Call c = call_of(odd(), r, 2, 5, 0);
    c.with_scores = scores;
    const Weights w = draw_weights(r, odd(), c);
    const auto layer = load(odd(), c, w, GetParam());
    ASSERT_TRUE(layer.ok()) << layer.status().message();
    const Made m = run(*layer, odd(), c);
    for (size_t i = 0; i < m.output.size(); ++i) EXPECT_EQ(m.output[i], w.output_bias[i % 16]);
  }
}

TEST_P(EveryVariant, WithoutQueriesOrBatchNothingIsWritten) {
  Random r(2);
  for (const auto& [batch, queries] : {std::pair{0, 4}, {2, 0}}) {
    Call c = call_of(odd(), r, batch, queries, 3);
    const Weights w = draw_weights(r, odd(), c);
    const auto layer = load(odd(), c, w, GetParam());
    ASSERT_TRUE(layer.ok()) << layer.status().message();
    run(*layer, odd(), c);
  }
}

TEST_P(EveryVariant, ARowWithoutKeysIsTheMeanOfAllValuesOrNothingWhenScoresAreAsked) {
  Random r(3);
  Call c = call_of(usual(), r, 1, 70, 70);
  c.causal = true;
  const Weights w = draw_weights(r, usual(), c);
  const auto layer = load(usual(), c, w, GetParam());
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  std::vector<uint8_t> bytes(70 * 70, 1);
  for (int k = 0; k < 70; ++k)
    bytes[static_cast<size_t>(33 * 70 + k)] = bytes[static_cast<size_t>(k)] = 0;
  const attn::Tensor mask(bytes.data(), attn::DType::boolean, {70, 70});
  c.mask = [&](int, int, int t, int k) { return bytes[static_cast<size_t>(t * 70 + k)] != 0; };
  for (const bool scores : {false, true}) {
    c.with_scores = scores;
    const Reference want = reference_attention(usual().config, w, c);
    const Made m = run(*layer, usual(), c, mask);
    for (size_t i = 0; i < m.output.size(); ++i) EXPECT_NEAR(m.output[i], want.output[i], 2e-5);
    if (!scores) continue;
    for (int k = 0; k < 70; ++k) EXPECT_EQ(m.scores[static_cast<size_t>(33 * 70 + k)], 0.0f);
    for (size_t i = 0; i < m.scores.size(); ++i) {
      EXPECT_NEAR(m.scores[i], want.scores[i], 2e-6);
      if (want.scores[i] == 0) EXPECT_EQ(m.scores[i], 0.0f) << "a masked probability is exactly 0";
    }
  }
}

TEST_P(EveryVariant, ANaNKeyReachesTheRowsThatMaySeeItAndNoOthers) {
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    for (const int at : {0, 13, 39}) {
      for (const bool scores : {false, true}) {
        Random r(4);
        Call c = call_of(usual(), r, 1, 40, 40);
        c.causal = true, c.with_scores = scores;
        c.key[static_cast<size_t>(at * 16)] = bad;
        const auto layer = load(usual(), c, draw_weights(r, usual(), c), GetParam());
        ASSERT_TRUE(layer.ok()) << layer.status().message();
        const Made m = run(*layer, usual(), c);
        for (int row = 0; row < at; ++row)
          EXPECT_FALSE(row_is_nan(m, c, row)) << bad << " at " << at << ", row " << row;
        // An infinite key gives scores of both signs: infinite for some head, or NaN.
        if (std::isnan(bad)) {
          for (int row = at; row < 40; ++row)
            EXPECT_TRUE(row_is_nan(m, c, row)) << at << ", row " << row;
        }
      }
    }
  }
}

TEST_P(EveryVariant, ANaNQueryReachesItsOwnRowAlone) {
  Random r(5);
  Call c = call_of(usual(), r, 2, 37, 21);
  c.query[static_cast<size_t>((37 + 9) * 16 + 3)] = NAN;
  const auto layer = load(usual(), c, draw_weights(r, usual(), c), GetParam());
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  const Made m = run(*layer, usual(), c);
  for (int row = 0; row < 2 * 37; ++row) EXPECT_EQ(row_is_nan(m, c, row), row == 37 + 9) << row;
}

TEST_P(EveryVariant, ASingleNaNScoreAmongMaskedOnesIsNotTakenForARowWithoutKeys) {
  Random r(6);
  Call c = call_of(usual(), r, 1, 3, 33);
  c.key[32 * 16] = NAN;
  const auto layer = load(usual(), c, draw_weights(r, usual(), c), GetParam());
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  std::vector<uint8_t> bytes(33, 0);
  bytes[32] = 1;
  const Made m = run(*layer, usual(), c, {bytes.data(), attn::DType::boolean, {1, 33}});
  for (int row = 0; row < 3; ++row) EXPECT_TRUE(row_is_nan(m, c, row)) << row;
}

TEST_P(EveryVariant, ScoresInTheThousandsDoNotOverflow) {
  Random r(7);
  Call c = call_of(usual(), r, 1, 20, 20);
  for (float& x : c.query) x *= 40;
  for (float& x : c.key) x *= 40;
  const Weights w = draw_weights(r, usual(), c);
  const Reference want = reference_attention(usual().config, w, c);
  const auto layer = load(usual(), c, w, GetParam());
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  const Made m = run(*layer, usual(), c);
  for (size_t i = 0; i < m.output.size(); ++i) EXPECT_NEAR(m.output[i], want.output[i], 5e-3);
}

TEST_P(EveryVariant, ManyThreadsMayCallOneLayer) {
  Random r(8);
  const Call c = call_of(usual(), r, 2, 65, 65);
  const auto layer = load(usual(), c, draw_weights(r, usual(), c), GetParam());
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  const Made want = run(*layer, usual(), c);
  std::vector<std::thread> threads;
  std::vector<int> equal(8, 0);
  for (size_t t = 0; t < equal.size(); ++t) {
    threads.emplace_back([&, t] {
      attn::Workspace scratch;
      for (int i = 0; i < 5; ++i)
        equal[t] += run(*layer, usual(), c, {}, &scratch).output == want.output;
    });
  }
  for (std::thread& t : threads) t.join();
  for (int e : equal) EXPECT_EQ(e, 5);
}

TEST_P(EveryVariant, WorkspaceDoesNotGrowWithQueriesTimesKeysUnlessScoresAreAsked) {
  Random r(9);
  const Call c = call_of(usual(), r, 1, 1, 1);
  const auto layer = load(usual(), c, draw_weights(r, usual(), c), GetParam());
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  const auto bytes = [&](int64_t n) {
    const std::vector<float> x(static_cast<size_t>(n * 16));
    std::vector<float> y(x.size());
    const attn::Tensor in(x, attn::Shape{1, n, 16});
    const attn::MutableTensor out(y, attn::Shape{1, n, 16});
    const std::vector<attn::NamedTensor> inputs{{"query", in}, {"value", in}};
    const std::vector<attn::NamedMutableTensor> outputs{{"output", out}};
    const auto size = layer->workspace_bytes(std::span<const attn::NamedTensor>(inputs),
                                             std::span<const attn::NamedMutableTensor>(outputs), 2);
    EXPECT_TRUE(size.ok()) << size.status().message();
    return static_cast<double>(*size);
  };
  // Four times the positions need four times the projections, not sixteen times.
  EXPECT_LT(bytes(16384) - bytes(4096), 4.1 * (bytes(4096) - bytes(1024)));
  EXPECT_LT(bytes(16384), 16384.0 * 16384.0 / 4);
}

}  // namespace
}  // namespace attn_test
