// The plan of MultiHeadAttention: stages, layouts, packings, sentences.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness.h"

namespace attnc::test {
namespace {

constexpr attn::MultiHeadAttention encoder{.num_heads = 12, .key_dim = 64};

Plan plan_of(const attn::MultiHeadAttention& layer, const Schedule& schedule = {}) {
  auto plan = planned(attn::layer(layer).graph, schedule);
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  return plan.ok() ? *plan : Plan{};
}

TEST(Plan, HasAPathForEverySetOfOutputs) {
  const Plan plan = plan_of(encoder);
  ASSERT_EQ(plan.paths.size(), 2u);
  EXPECT_EQ(plan.paths[0].name, "output");
  EXPECT_EQ(plan.paths[0].outputs, std::vector<int>({0}));
  EXPECT_EQ(plan.paths[1].name, "output_attention_scores");
  EXPECT_EQ(plan.paths[1].outputs, std::vector<int>({0, 1}));
  EXPECT_FALSE(plan.outputs[0].optional);
  EXPECT_TRUE(plan.outputs[1].optional);
}

TEST(Plan, KeepsTheInterfaceInOrder) {
  const Plan plan = plan_of(encoder);
  std::vector<std::string> inputs, weights;
  for (const auto& t : plan.inputs) inputs.push_back(t.name);
  for (const auto& t : plan.weights) weights.push_back(t.name);
  EXPECT_EQ(inputs, std::vector<std::string>(
                        {"query", "value", "key", "attention_mask", "use_causal_mask"}));
  EXPECT_EQ(weights, std::vector<std::string>(
                         {"query/kernel", "query/bias", "key/kernel", "key/bias", "value/kernel",
                          "value/bias", "attention_output/kernel", "attention_output/bias"}));
  EXPECT_EQ(plan.inputs[2].or_input, 1);
  EXPECT_EQ(plan.inputs[2].axes.back().of, 2);
  EXPECT_EQ(plan.inputs[4].type, attn::Type::truth);
  EXPECT_TRUE(plan.inputs[4].axes.empty());
  EXPECT_EQ(plan.fingerprint, attn::fingerprint(attn::layer(encoder)));
}

TEST(Plan, ChoosesTheRulePerPath) {
  const auto rule = [](const Plan& plan, size_t path) {
    return std::get<Attention>(plan.paths[path].stages[3]).rule;
  };
  const Plan plain = plan_of(encoder);
  EXPECT_EQ(rule(plain, 0), attn::FullyMasked::uniform);
  EXPECT_EQ(rule(plain, 1), attn::FullyMasked::zero);
  auto dropping = encoder;
  dropping.dropout = 0.1f;
  EXPECT_EQ(rule(plan_of(dropping), 0), attn::FullyMasked::zero);
  auto uniform = encoder;
  uniform.fully_masked = attn::FullyMasked::uniform;
  EXPECT_EQ(rule(plan_of(uniform), 1), attn::FullyMasked::uniform);
}

TEST(Plan, LaysValuesAsTheirReadersWantThem) {
  const Plan plan = plan_of(encoder);
  const Path& path = plan.paths[0];
  ASSERT_EQ(path.stages.size(), 5u);
  const auto layout = [&](int value) { return path.values[static_cast<size_t>(value)].layout; };
  const auto& attention = std::get<Attention>(path.stages[3]);
  EXPECT_EQ(layout(attention.query), Layout::query_rows);
  EXPECT_EQ(layout(attention.key), Layout::key_panels);
  EXPECT_EQ(layout(attention.value), Layout::value_rows);
  EXPECT_EQ(layout(attention.result), Layout::rows);
  EXPECT_EQ(attention.scores, -1);
  const auto& stored = std::get<Attention>(plan.paths[1].stages[3]);
  EXPECT_EQ(stored.scores, plan.paths[1].output_values[1]);
  EXPECT_EQ(path.values[static_cast<size_t>(path.output_values[0])].name, "output");
}

TEST(Plan, FoldsTheScaleIntoTheQuery) {
  const Plan plan = plan_of(encoder);
  const auto& query = std::get<Projection>(plan.paths[0].stages[0]);
  const float scale = static_cast<float>(0.125 * 1.4426950408889634);
  EXPECT_EQ(plan.packings[static_cast<size_t>(query.kernel)].scale, scale);
  EXPECT_EQ(plan.packings[static_cast<size_t>(query.bias)].scale, scale);
  EXPECT_EQ(std::get<Attention>(plan.paths[0].stages[3]).scale, 1.0f);
  EXPECT_EQ(plan.packings.size(), 8u) << "both paths use the same";
}

TEST(Plan, PadsValueHeadsToVectors) {
  struct Case {
    int vector, value_size, padded;
  };
  for (const Case c :
       {Case{16, 64, 64}, Case{16, 20, 32}, Case{16, 3, 4}, Case{8, 20, 24}, Case{4, 1, 1}}) {
    attn::MultiHeadAttention layer{.num_heads = 3, .key_dim = 5, .value_dim = c.value_size};
    const Plan plan = plan_of(layer, {.vector = c.vector, .tile_vectors = 2});
    const Path& path = plan.paths[0];
    const auto packing = [&](int id) { return plan.packings[static_cast<size_t>(id)]; };
    const auto& query = std::get<Projection>(path.stages[0]);
    EXPECT_EQ(query.head_size_padded, 5);
    EXPECT_EQ(packing(query.kernel).column_block, 0);
    EXPECT_EQ(packing(query.kernel).panel_width, 2 * c.vector);
    const auto& value = std::get<Projection>(path.stages[2]);
    EXPECT_EQ(value.head_size_padded, c.padded);
    EXPECT_EQ(packing(value.kernel).column_block, c.value_size);
    EXPECT_EQ(packing(value.kernel).column_block_padded, c.padded);
    EXPECT_TRUE(packing(value.bias).vector);
    EXPECT_EQ(packing(value.bias).column_block_padded, c.padded);
    EXPECT_EQ(packing(value.bias).panel_width, 2 * c.vector);
    EXPECT_EQ(std::get<Attention>(path.stages[3]).value_size_padded, c.padded);
    const auto& output = std::get<Projection>(path.stages[4]);
    EXPECT_EQ(packing(output.kernel).row_block, c.value_size);
    EXPECT_EQ(packing(output.kernel).row_block_padded, c.padded);
    EXPECT_EQ(packing(output.kernel).contracted, 2);
    EXPECT_EQ(packing(output.bias).row_block, 0);
    EXPECT_EQ(output.heads, 0);
  }
}

TEST(Plan, LeavesOutWhatIsNotThere) {
  auto layer = encoder;
  layer.use_bias = false;
  layer.output_shape = {4, 6};
  const Plan plan = plan_of(layer);
  EXPECT_EQ(plan.weights.size(), 4u);
  EXPECT_EQ(plan.packings.size(), 4u);
  EXPECT_EQ(std::get<Projection>(plan.paths[0].stages[4]).bias, -1);
  EXPECT_EQ(plan.outputs[0].axes.size(), 4u);
}

TEST(Plan, PrintsTheSameTextAgain) {
  const std::string text = print(plan_of(encoder));
  EXPECT_EQ(text, print(plan_of(encoder)));
  for (const char* part :
       {"layer model::encoder (my_layers, avx512)\n",
        "    key [batch, key, feature of key] float32, or value\n",
        "    use_causal_mask [] truth, optional\n", "  path output_attention_scores\n",
        "    %1 = project query by #0 query/kernel + #1 query/bias, heads 12 x 64: query rows\n",
        "scale 0.180336878\n", ": online, heads 12, sizes 64 and 64, rows without keys: uniform\n",
        ", attention_scores = attention %", "own use_causal_mask\n", "    output = project %"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nis not in\n" << text;
}

TEST(Plan, KeepsMixedFormulas) {
  auto layer = encoder;
  layer.mask = [](auto at) { return exp(-1.5f * at.key) + at.query / 2 < at.key_length; };
  const Plan plan = plan_of(layer);
  const auto& attention = std::get<Attention>(plan.paths[0].stages[3]);
  std::vector<attn::Fn> fns;
  for (const attn::Step& s : attention.mask.steps) fns.push_back(s.fn);
  for (attn::Fn fn : {attn::Fn::exp, attn::Fn::mul, attn::Fn::div, attn::Fn::add, attn::Fn::less})
    EXPECT_EQ(std::count(fns.begin(), fns.end(), fn), 1) << attn::fn_names[static_cast<size_t>(fn)];
  for (const attn::Step& s : attention.mask.steps) {
    EXPECT_TRUE(s.fn != attn::Fn::div || s.type == attn::Type::index) << "query / 2 truncates";
    EXPECT_TRUE(s.fn != attn::Fn::add || s.type == attn::Type::real);
  }
}

// ---- what is refused, and how

std::string refused(const attn::Graph& graph) {
  auto plan = planned(graph);
  EXPECT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().code(), attn::StatusCode::unsupported);
  return plan.status().message();
}
attn::Graph with(auto&& build) { return attn::layer(build, "elsewhere.h", 3).graph; }

TEST(Refused, AdditiveRule) {
  auto layer = encoder;
  layer.fully_masked = attn::FullyMasked::additive;
  EXPECT_EQ(
      refused(attn::layer(layer).graph),
      "layers.h:12: model::encoder: rows without a visible key by the rule `additive` are not "
      "compiled yet; `uniform` and `zero` are");
}

TEST(Refused, OperationsThatAreNotCompiledYet) {
  const attn::Graph shared = with([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto q = project(query, "query", attn::heads(4, 8)),
               k = project(key, "key", attn::heads(2, 8));
    const auto v = project(value, "value", attn::heads(4, 8));
    const auto p = softmax(scores(q, share_heads(k, 4)));
    return project(combine(p, v), "output", attn::features_of(query));
  });
  EXPECT_EQ(refused(shared),
            "layers.h:12: model::encoder: operation `share_heads` is not compiled yet");
}

TEST(Refused, AtTheLineOfTheOperation) {
  int line = 0;
  const auto build = [&](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto q = project(query, "query", attn::heads(4, 8));
    line = __LINE__ + 1;
    const auto k = share_heads(project(key, "key", attn::heads(2, 8)), 4);
    const auto v = project(value, "value", attn::heads(4, 8));
    return project(combine(softmax(scores(q, k)), v), "output", attn::features_of(query));
  };
  const std::string sentence = refused(attn::layer(build).graph);
  EXPECT_EQ(sentence.rfind("layers.h:" + std::to_string(line) + ": ", 0), 0u) << sentence;
}

TEST(Refused, ScoreFunctions) {
  const attn::Graph capped = with([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto q = project(query, "query", attn::heads(4, 8)),
               k = project(key, "key", attn::heads(4, 8));
    const auto v = project(value, "value", attn::heads(4, 8));
    const auto s = attn::apply(attn::softcap(5.0f), scores(q, k));
    return project(combine(softmax(s), v), "output", attn::features_of(query));
  });
  EXPECT_EQ(refused(capped).rfind(
                "layers.h:12: model::encoder: operation `scores` is not compiled yet where", 0),
            0u)
      << refused(capped);
}

TEST(Refused, AttentionWithoutProjections) {
  const attn::Graph plain = with([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    return combine(softmax(scores(query, key)), value);
  });
  EXPECT_EQ(refused(plain),
            "layers.h:12: model::encoder: attention over what is no projection to heads is not "
            "compiled yet");
}

}  // namespace
}  // namespace attnc::test
