// The plan of MultiHeadAttention: stages, layouts, packings, sentences.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness.h"

namespace attnc::test {
namespace {

constexpr attn::MultiHeadAttention encoder{.num_heads = 12, .key_dim = 64};

Plan plan_of(const auto& layer, const Schedule& schedule = {}) {
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

// ---- fewer key and value heads than query heads

TEST(Plan, ProjectsGroupedHeadsOnce) {
  constexpr attn::GroupQueryAttention layer{
      .head_dim = 20, .num_query_heads = 6, .num_key_value_heads = 2};
  const Plan plan = plan_of(layer);
  ASSERT_EQ(plan.paths.size(), 2u) << "projected keys have no phases";
  for (const Path& path : plan.paths) {
    ASSERT_EQ(path.stages.size(), 5u);
    EXPECT_EQ(path.most_queries, 0);
    const auto layout = [&](int value) { return path.values[static_cast<size_t>(value)].layout; };
    const auto& a = std::get<Attention>(path.stages[3]);
    EXPECT_EQ(a.heads, 6);
    EXPECT_EQ(a.key_heads, 2);
    EXPECT_EQ(a.key_size, 20);
    EXPECT_EQ(a.value_size, 20);
    EXPECT_EQ(a.value_size_padded, 32);
    EXPECT_EQ(a.scale, 1.0f);
    EXPECT_EQ(layout(a.query), Layout::query_rows);
    EXPECT_EQ(layout(a.key), Layout::key_panels);
    EXPECT_EQ(layout(a.value), Layout::value_rows);
    EXPECT_EQ(layout(a.result), Layout::rows);
    for (const auto& [stage, heads, padded] : {std::tuple(0, 6, 20), {1, 2, 20}, {2, 2, 32}}) {
      const auto& p = std::get<Projection>(path.stages[static_cast<size_t>(stage)]);
      EXPECT_EQ(p.heads, heads) << stage;
      EXPECT_EQ(p.head_size_padded, padded) << stage;
    }
    const auto& output = std::get<Projection>(path.stages[4]);
    EXPECT_EQ(plan.packings[static_cast<size_t>(output.kernel)].row_block_padded, 32);
  }
  EXPECT_NE(print(plan).find("online, heads 6 on 2, sizes 20 and 20 padded to 32,"),
            std::string::npos)
      << print(plan);
}

// ---- attention on heads as they come

constexpr attn::DotProductAttention heads{
    .num_query_heads = 8, .num_key_value_heads = 2, .head_dim = 64, .value_dim = 20};

TEST(Plan, ReadsHeadsWhereTheyLie) {
  const Plan plan = plan_of(heads);
  std::vector<std::string> inputs;
  for (const auto& t : plan.inputs) inputs.push_back(t.name);
  EXPECT_EQ(inputs, std::vector<std::string>({"query", "key", "value", "attention_mask"}));
  EXPECT_TRUE(plan.weights.empty());
  EXPECT_TRUE(plan.packings.empty());
  for (const Path& path : plan.paths) {
    ASSERT_EQ(path.stages.size(), 1u);
    const auto& a = std::get<Attention>(path.stages[0]);
    for (int v : {a.query, a.key, a.value, a.result})
      EXPECT_EQ(path.values[static_cast<size_t>(v)].layout, Layout::heads) << v;
    EXPECT_EQ(path.values[static_cast<size_t>(a.key)].input, 1);
    EXPECT_EQ(path.output_values[0], a.result);
    EXPECT_EQ(a.heads, 8);
    EXPECT_EQ(a.key_heads, 2);
    EXPECT_EQ(a.value_size, 20);
    EXPECT_EQ(a.value_size_padded, 20) << "nothing is padded that another made";
    EXPECT_EQ(a.scale, static_cast<float>(0.125 * 1.4426950408889634)) << "no projection takes it";
    EXPECT_EQ(a.rule, attn::FullyMasked::zero);
  }
}

TEST(Plan, HasAPhaseForOneQuery) {
  auto layer = heads;
  layer.mask = attn::causal_from_the_end;
  const Plan plan = plan_of(layer);
  std::vector<std::pair<std::string, int>> paths;
  for (const Path& p : plan.paths) paths.emplace_back(p.name, p.most_queries);
  EXPECT_EQ(paths, (std::vector<std::pair<std::string, int>>{
                       {"output_decode", 1}, {"output", 0}, {"output_attention_scores", 0}}));
  EXPECT_EQ(plan.paths[0].outputs, plan.paths[1].outputs);
  EXPECT_FALSE(std::get<Attention>(plan.paths[0].stages[0]).keys.empty());
  const std::string text = print(plan);
  for (const char* part :
       {"  path output_decode, for calls of at most 1 query\n", "  path output\n",
        "    output (heads) = attention query (heads), key (heads), value (heads): online, heads 8 "
        "on 2, sizes 64 and 20, scale 0.180336878, rows without keys: zero\n",
        "    512 keys of a task for one query\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nis not in\n" << text;
  EXPECT_EQ(print(plan_of(encoder)).find("for one query"), std::string::npos);
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
               k = project(key, "key", attn::heads(8, 8));
    const auto v = project(value, "value", attn::heads(4, 8));
    const auto p = softmax(scores(q, first_heads(k, 4)));
    return project(combine(p, v), "output", attn::features_of(query));
  });
  EXPECT_EQ(refused(shared),
            "layers.h:12: model::encoder: operation `slice_heads` is not compiled yet");
}

TEST(Refused, AtTheLineOfTheOperation) {
  int line = 0;
  const auto build = [&](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto q = project(query, "query", attn::heads(4, 8));
    line = __LINE__ + 1;
    const auto k = first_heads(project(key, "key", attn::heads(8, 8)), 4);
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

TEST(Refused, AttentionWithoutHeads) {
  const attn::Graph plain = with([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    return combine(softmax(scores(query, key)), value);
  });
  EXPECT_EQ(refused(plain),
            "layers.h:12: model::encoder: attention over what is neither a projection to heads nor "
            "an input of heads is not compiled yet");
}

// ---- heads as inputs, where not all of attention is

using attn::Kind;
attn::Axes heads_at(Kind positions, int heads = 4) {
  return {{Kind::batch}, {positions}, {Kind::head, 0, -1, heads}, {Kind::size, 0, -1, 8}};
}
constexpr const char* place = "layers.h:12: model::encoder: ";

TEST(Refused, KeysAndValuesSharedDifferently) {
  const attn::Graph shared = with([](attn::Graph& g) {
    const auto q = g.input("query", heads_at(Kind::query));
    const auto k = g.input("key", heads_at(Kind::key, 2)),
               v = g.input("value", heads_at(Kind::key));
    return combine(softmax(scores(q, share_heads(k, 4))), v);
  });
  EXPECT_EQ(refused(shared).rfind(
                place + std::string("operation `share_heads` is not compiled yet where it"), 0),
            0u)
      << refused(shared);
}

TEST(Refused, SomeHeadsProjected) {
  const attn::Graph mixed = with([](attn::Graph& g) {
    const auto x = g.input("x", {{Kind::batch}, {Kind::query}, {Kind::feature}});
    const auto q = project(x, "query", attn::heads(4, 8));
    const auto k = g.input("key", heads_at(Kind::key)), v = g.input("value", heads_at(Kind::key));
    return project(combine(softmax(scores(q, k)), v), "output", attn::features_of(x));
  });
  EXPECT_EQ(refused(mixed), place + std::string("attention over heads of which some are projected "
                                                "here and others come as inputs is not compiled "
                                                "yet: project all of them or none"));
}

TEST(Refused, HeadsInAnotherOrder) {
  const attn::Graph other = with([](attn::Graph& g) {
    const auto q = g.input("query", heads_at(Kind::query)),
               v = g.input("value", heads_at(Kind::key));
    const auto k = g.input(
        "key", {{Kind::batch}, {Kind::head, 0, -1, 4}, {Kind::key}, {Kind::size, 0, -1, 8}});
    return combine(softmax(scores(q, k)), v);
  });
  EXPECT_EQ(refused(other),
            place + std::string("attention over an input whose axes are in another order than "
                                "batch, position, head, size is not compiled yet"));
}

TEST(Refused, ProjectionsOfHeadsThatComeAsInputs) {
  const attn::Graph before = with([](attn::Graph& g) {
    const auto q = project(g.input("query", heads_at(Kind::query)), "query", attn::heads(4, 8));
    const auto k = g.input("key", heads_at(Kind::key)), v = g.input("value", heads_at(Kind::key));
    return combine(softmax(scores(q, k)), v);
  });
  EXPECT_EQ(
      refused(before),
      place + std::string("a projection of an input that comes as heads is not compiled yet"));
  const attn::Graph behind = with([](attn::Graph& g) {
    const auto q = g.input("query", heads_at(Kind::query));
    const auto k = g.input("key", heads_at(Kind::key)), v = g.input("value", heads_at(Kind::key));
    return project(combine(softmax(scores(q, k)), v), "output", attn::features(7));
  });
  EXPECT_EQ(refused(behind), place + std::string("attention over inputs of heads whose result is "
                                                 "no output is not compiled yet"));
}

TEST(Refused, ProjectedHeadsAsOutput) {
  const attn::Graph heads = with([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto q = project(query, "query", attn::heads(4, 8));
    const auto k = project(key, "key", attn::heads(4, 8));
    const auto v = project(value, "value", attn::heads(4, 8));
    return combine(softmax(scores(q, k)), v);
  });
  EXPECT_EQ(refused(heads), place + std::string("attention over projections whose result goes "
                                                "elsewhere than into a projection is not compiled "
                                                "yet"));
}

}  // namespace
}  // namespace attnc::test
