// callers_test.cpp - many threads call one layer on one pool, each with its own workspace.
#include <gtest/gtest.h>

#include <thread>

#include "layers/property/cases.h"

namespace attn_test {
namespace {

class EveryTarget : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(, EveryTarget, testing::ValuesIn(targets_here()),
                         [](const auto& info) { return info.param; });

TEST_P(EveryTarget, ServesManyCallersWhoShareALayerAndAPool) {
  constexpr int batch = 2, queries = 35, keys = 67, features = 16, callers = 5, calls = 3;
  const Subject& s = subjects()[3];
  Random r(11);
  Call c;
  c.query_features = c.key_features = c.value_features = c.output_features = features;
  const auto layer = load(s, c, draw_weights(r, s, c), GetParam());
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  const std::vector<float> query = numbers(r, batch * queries * features);
  const std::vector<float> value = numbers(r, batch * keys * features);
  // A mask whose elements are not bytes is converted into the workspace, in parallel.
  std::vector<float> mask = numbers(r, queries * keys);
  for (float& x : mask) x = x > 0 ? x : 0;

  struct Made {
    std::vector<float> output, scores;
  };
  const auto call = [&](attn::Executor& executor, attn::Workspace& scratch, bool with_scores) {
    Made m{std::vector<float>(query.size()),
           std::vector<float>(static_cast<size_t>(batch * s.config.num_heads * queries * keys))};
    const std::vector<attn::NamedTensor> inputs{
        {"query", {query, attn::Shape{batch, queries, features}}},
        {"value", {value, attn::Shape{batch, keys, features}}},
        {"attention_mask", {mask, attn::Shape{queries, keys}}}};
    std::vector<attn::NamedMutableTensor> outputs{
        {"output", {m.output, attn::Shape{batch, queries, features}}}};
    if (with_scores) {
      outputs.push_back(
          {"attention_scores", {m.scores, attn::Shape{batch, s.config.num_heads, queries, keys}}});
    }
    const attn::Status status = layer->run(std::span<const attn::NamedTensor>(inputs),
                                           std::span<const attn::NamedMutableTensor>(outputs),
                                           scratch, {.executor = &executor});
    EXPECT_TRUE(status.ok()) << status.message();
    return m;
  };
  attn::Workspace scratch;
  const Made want[] = {call(attn::serial_executor(), scratch, false),
                       call(attn::serial_executor(), scratch, true)};
  attn::ThreadPool pool(3);
  std::vector<int> equal(callers, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < callers; ++t) {
    threads.emplace_back([&, t] {
      attn::Workspace own;
      for (int i = 0; i < calls; ++i) {
        const bool with_scores = (t + i) % 2 != 0;
        const Made got = call(pool, own, with_scores);
        const Made& wanted = want[with_scores];
        equal[static_cast<size_t>(t)] += got.output == wanted.output && got.scores == wanted.scores;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (int e : equal) EXPECT_EQ(e, calls);
}

}  // namespace
}  // namespace attn_test
