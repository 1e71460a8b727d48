// The plans of layers that take a cache, or the scores of another layer.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness.h"

namespace attnc::test {
namespace {

constexpr attn::CachedMultiHeadAttention cached{.num_heads = 2, .key_dim = 8, .use_gate = true};

TEST(Plan, HasPathsForWhatCallsBring) {
  const Plan plan = plan_of(cached);
  const int cache = 3, index = 4;
  ASSERT_EQ(plan.inputs[cache].name, "cache");
  ASSERT_EQ(plan.inputs[index].name, "cache_update_index");
  using Is = std::tuple<std::string, std::vector<int>, std::vector<int>, std::vector<int>, int>;
  std::vector<Is> paths;
  for (const Path& p : plan.paths)
    paths.emplace_back(p.name, p.given, p.absent, p.outputs, p.most_queries);
  EXPECT_EQ(
      paths,
      (std::vector<Is>{
          {"output", {}, {cache, index}, {0}, 0},
          {"output_attention_scores", {}, {cache, index}, {0, 1}, 0},
          {"output_with_cache_decode", {cache}, {index}, {0}, 1},
          {"output_with_cache_few", {cache}, {index}, {0}, 16},
          {"output_with_cache", {cache}, {index}, {0}, 0},
          {"output_attention_scores_with_cache", {cache}, {index}, {0, 1}, 0},
          {"output_cache_with_cache_cache_update_index_decode", {cache, index}, {}, {0, 2}, 1},
          {"output_cache_with_cache_cache_update_index_few", {cache, index}, {}, {0, 2}, 16},
          {"output_cache_with_cache_cache_update_index", {cache, index}, {}, {0, 2}, 0},
          {"output_attention_scores_cache_with_cache_cache_update_index",
           {cache, index},
           {},
           {0, 1, 2},
           0}}));
  EXPECT_EQ(plan.outputs[2].name, "cache");
  EXPECT_EQ(plan.outputs[2].starts_as, cache);
  EXPECT_FALSE(plan.outputs[2].optional);
  EXPECT_EQ(plan.outputs[0].starts_as, -1);
  EXPECT_EQ(plan.inputs[5].reading, attn::above_half_with_scores);
}

TEST(Plan, ReadsACacheWhereItLies) {
  const Plan plan = plan_of(cached);
  const Path& alone = plan.paths[0];
  const auto& fresh = std::get<Attention>(alone.stages[3]);
  const PlanValue& keys = alone.values[static_cast<size_t>(fresh.key)];
  EXPECT_EQ(keys.layout, Layout::key_panels);
  EXPECT_EQ(keys.axes[1].kind, Kind::update) << "as_keys is the projection itself";

  const Path& reads = plan.paths[3];
  ASSERT_EQ(reads.stages.size(), 3u);
  const auto& a = std::get<Attention>(reads.stages[1]);
  EXPECT_EQ(reads.values[static_cast<size_t>(a.query)].layout, Layout::query_rows);
  for (auto [id, slot] : {std::pair(a.key, 0), {a.value, 1}}) {
    const PlanValue& v = reads.values[static_cast<size_t>(id)];
    EXPECT_EQ(v.layout, Layout::heads);
    EXPECT_EQ(v.slot, slot);
    EXPECT_EQ(reads.values[static_cast<size_t>(v.of)].layout, Layout::cache);
    EXPECT_EQ(reads.values[static_cast<size_t>(v.of)].input, 3);
  }

  const Path& writes = plan.paths[6];
  const auto& splice = std::get<Splice>(writes.stages[3]);
  EXPECT_EQ(splice.at, 4);
  EXPECT_EQ(writes.values[static_cast<size_t>(splice.cache)].input, 3);
  EXPECT_EQ(writes.values[static_cast<size_t>(splice.result)].layout, Layout::cache);
  EXPECT_EQ(writes.output_values[1], splice.result);
  for (int stage : {1, 2}) {
    const auto& p = std::get<Projection>(writes.stages[static_cast<size_t>(stage)]);
    EXPECT_EQ(writes.values[static_cast<size_t>(p.result)].layout, Layout::rows);
    EXPECT_EQ(p.head_size_padded, p.head_size);
  }
  EXPECT_EQ(plan.packings.size(), 8u) << "modes share what they pack";
  expect_lines(print(plan),
               {"  path output_cache_with_cache_cache_update_index, with cache and "
                "cache_update_index\n    %8 is the keys of cache\n",
                "    cache = splice %3, %5 into cache at cache_update_index, heads 2 x 8\n",
                "own cache_update_index\n", "      keys (", "own cache_update_index\n"});
}

TEST(Plan, HasOneModeWhereNoCacheFits) {
  auto layer = cached;
  layer.value_dim = 4;
  const Plan plan = plan_of(layer);
  ASSERT_EQ(plan.paths.size(), 2u);
  EXPECT_TRUE(plan.paths[0].given.empty() && plan.paths[0].absent.empty());
  EXPECT_EQ(plan.outputs.size(), 2u);
}

TEST(Plan, PacksCachedValuesOfPaddedHeadsTwice) {
  auto layer = cached;
  layer.key_dim = 20;
  EXPECT_EQ(plan_of(layer).packings.size(), 10u);
}

TEST(Plan, AsksForACacheThatNothingStandsInFor) {
  const attn::Graph reads = with([](attn::Graph& g) {
    const auto q = g.input("query", heads_at(Kind::query));
    const auto c = cache_input(g, "cache", attn::heads(4, 8));
    return combine(softmax(scores(q, keys_of(c)), attn::causal_from_the_end), values_of(c));
  });
  const auto plan = planned(reads);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  ASSERT_EQ(plan->paths.size(), 3u);
  EXPECT_EQ(plan->paths[0].name, "output_with_cache_decode");
  EXPECT_EQ(plan->paths[1].name, "output_with_cache_few");
  EXPECT_EQ(plan->paths[2].given, std::vector<int>({1}));
}

// ---- reused scores

TEST(Plan, ReusesScores) {
  const attn::ReuseMultiHeadAttention layer{
      .num_heads = 3, .key_dim = 8, .reuse_attention = 2, .use_relative_pe = true};
  const Plan plan = plan_of(layer);
  EXPECT_TRUE(plan.inputs[3].soft);
  const Path& path = plan.paths[1];
  const auto& reused = std::get<Combine>(path.stages[1]);
  const PlanValue& part = path.values[static_cast<size_t>(reused.probabilities)];
  EXPECT_EQ(part.layout, Layout::pairs);
  EXPECT_EQ(part.first_head, 0);
  EXPECT_EQ(path.values[static_cast<size_t>(part.of)].name, "reuse_attention_scores");
  const auto& a = std::get<Attention>(path.stages[6]);
  const auto& joined = std::get<ConcatHeads>(path.stages[9]);
  EXPECT_EQ(joined.first, a.scores);
  EXPECT_EQ(joined.second, reused.probabilities);
  for (const PlanStep& s : a.score.steps) {
    if (s.fn != attn::Fn::element) continue;
    ASSERT_TRUE(reads_packing(s));
    const Packing& p = plan.packings[static_cast<size_t>(read_index(s))];
    EXPECT_EQ(plan.weights[static_cast<size_t>(p.weight)].name, "relative_position_embeddings");
    EXPECT_TRUE(p.vector && p.contracted == 0 && p.panel_width == 1 && p.column_block == 0);
  }
  expect_lines(print(plan),
               {"    attention_mask [batch, head 1, query, key] float32, a soft mask, optional\n",
                "    %1 is heads of reuse_attention_scores from 0 on\n",
                "    %4 = combine %1, %3: heads 2, size 8\n", "= element #10 relative_position_em",
                "    output = map %5, %12: rows\n", "    attention_scores = heads of %12, %1\n"});
}

TEST(Plan, ReusesAllScores) {
  const attn::ReuseMultiHeadAttention layer{
      .num_heads = 3, .key_dim = 8, .value_dim = 20, .reuse_attention = -1};
  const Plan plan = plan_of(layer);
  expect_lines(print(plan),
               {"  path output_attention_scores\n",
                "= combine reuse_attention_scores, %1: heads 3, size 20 padded to 32\n",
                "    attention_scores = map reuse_attention_scores: pairs\n"});
  const auto& output = std::get<Projection>(plan.paths[0].stages[2]);
  EXPECT_EQ(plan.packings[static_cast<size_t>(output.kernel)].row_block_padded, 32);
}

}  // namespace
}  // namespace attnc::test
