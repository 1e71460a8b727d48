// The plans of layers: paths, stages, layouts, packings, and their text.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness.h"
#include "plan/projection_kernel.h"

namespace attnc::test {
namespace {

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
  EXPECT_EQ(inputs,
            std::vector<std::string>({"query", "value", "key", "attention_mask", "query_mask",
                                      "value_mask", "key_mask", "use_causal_mask"}));
  EXPECT_EQ(weights, std::vector<std::string>(
                         {"query/kernel", "query/bias", "key/kernel", "key/bias", "value/kernel",
                          "value/bias", "attention_output/kernel", "attention_output/bias"}));
  EXPECT_EQ(plan.inputs[2].or_input, 1);
  EXPECT_EQ(plan.inputs[2].axes.back().of, 2);
  EXPECT_EQ(plan.inputs[7].type, attn::Type::truth);
  EXPECT_TRUE(plan.inputs[7].axes.empty());
  EXPECT_EQ(plan.fingerprint, attn::fingerprint(attn::layer(encoder)));
}

TEST(Plan, PathsShareProjections) {
  const auto names = [](const Plan& plan, size_t path) {
    std::vector<std::string> names;
    for (const ProjectionKernel& kernel : projections_of(plan, plan.paths.at(path)))
      names.push_back(kernel.name());
    return names;
  };
  using Names = std::vector<std::string>;
  const Names three = {"project_rows_float32_to_list_float32_bias_4x4x16_task128",
                       "project_rows_float32_to_panels_float32_bias_4x4x16_task128",
                       "project_tiles_float32_to_output_float32_bias_4x4x16_task128"};
  EXPECT_EQ(names(plan_of(encoder), 0), three);
  EXPECT_EQ(names(plan_of(encoder), 1), three);
  auto other = encoder;
  other.num_heads = 3, other.key_dim = 40, other.sliding_window = 7;
  EXPECT_EQ(names(plan_of(other), 0), three);
  other.use_bias = false, other.dtype = attn::DTypePolicy::bfloat16;
  EXPECT_EQ(names(plan_of(other), 0),
            (Names{"project_rows_bfloat16_to_list_float32_4x4x16_task128",
                   "project_rows_bfloat16_to_panels_float32_4x4x16_task128",
                   "project_tiles_float32_to_output_bfloat16_4x4x16_task128"}));
  other.dtype = attn::DTypePolicy::float64;
  EXPECT_EQ(names(plan_of(other), 0).at(0), "project_rows_float64_to_list_float64_4x4x16_task128");
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
  const double scale = 0.125;
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

TEST(Plan, TellsWhichNumbersAreNotTheDefaults) {
  EXPECT_EQ(print(plan_of(encoder)).find("pack_rows"), std::string::npos);
  expect_lines(print(plan_of(encoder, {.decode_keys = 64, .pack_rows = 32})),
               {"  schedule\n    vector 16, register tile 4 rows x 4 vectors\n",
                "    decode_keys 64: keys of a task where there is one query\n"
                "    pack_rows 32: rows of values that a task packs\n"});
}

TEST(Plan, TellsWhereItsNumbersComeFrom) {
  Plan plan = plan_of(encoder);
  plan.schedule_from = {"codegen/schedules/avx512.txt:4, for any dtype and head size",
                        "numbers of tune.db: run of 2026-11-27"};
  expect_lines(print(plan),
               {"  schedule: codegen/schedules/avx512.txt:4, for any dtype and head size\n"
                "    numbers of tune.db: run of 2026-11-27\n"
                "    vector 16, register tile 4 rows x 4 vectors\n"});
}

TEST(Plan, PrintsTheSameTextAgain) {
  const std::string text = print(plan_of(encoder));
  EXPECT_EQ(text, print(plan_of(encoder)));
  for (const char* part :
       {"layer model::encoder (my_layers, avx512)\n",
        "    key [batch, key, feature of key] float32, or value\n",
        "    use_causal_mask [] truth, optional\n", "  path output_attention_scores\n",
        "    %1 = project query by #0 query/kernel + #1 query/bias, heads 12 x 64: query rows\n",
        "scale 0.125\n", ": online, heads 12, sizes 64 and 64, rows without keys: uniform, mask: ",
        ", attention_scores = attention %", "own use_causal_mask\n", "    output = project %"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nis not in\n" << text;
}

TEST(Plan, KeepsMixedFormulas) {
  auto layer = encoder;
  layer.mask = [](auto at) { return exp(-1.5f * at.key) + at.query / 2 < at.key_length; };
  const Plan plan = plan_of(layer);
  const auto& attention = std::get<Attention>(plan.paths[0].stages[3]);
  std::vector<attn::Fn> fns;
  for (const PlanStep& s : attention.mask.steps) fns.push_back(s.fn);
  for (attn::Fn fn : {attn::Fn::exp, attn::Fn::mul, attn::Fn::div, attn::Fn::add, attn::Fn::less})
    EXPECT_EQ(std::count(fns.begin(), fns.end(), fn), 1) << attn::fn_names[static_cast<size_t>(fn)];
  for (const PlanStep& s : attention.mask.steps) {
    EXPECT_TRUE(s.fn != attn::Fn::div || s.type == PlanType::index) << "query / 2 truncates";
    EXPECT_TRUE(s.fn != attn::Fn::add || s.type == PlanType::real);
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

// ---- attention on heads as they are given

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
    EXPECT_EQ(a.value_size_padded, 32) << "whole vectors, in the kernel's own tiles";
    EXPECT_EQ(a.family, path.name == "output_decode"             ? KernelFamily::decode
                        : path.name == "output_few"              ? KernelFamily::few
                        : path.name == "output_attention_scores" ? KernelFamily::with_scores
                                                                 : KernelFamily::online);
    EXPECT_EQ(a.scale, 0.125) << "no projection takes it";
    EXPECT_EQ(a.rule, attn::FullyMasked::zero);
  }
}

TEST(Plan, HasPhasesForOneQueryAndForFew) {
  auto layer = heads;
  layer.mask = attn::causal_from_the_end;
  const Plan plan = plan_of(layer);
  std::vector<std::pair<std::string, int>> paths;
  for (const Path& p : plan.paths) paths.emplace_back(p.name, p.most_queries);
  EXPECT_EQ(paths, (std::vector<std::pair<std::string, int>>{{"output_decode", 1},
                                                             {"output_few", 16},
                                                             {"output", 0},
                                                             {"output_attention_scores", 0}}));
  EXPECT_EQ(plan.paths[0].outputs, plan.paths[1].outputs);
  EXPECT_EQ(plan.paths[1].outputs, plan.paths[2].outputs);
  EXPECT_FALSE(std::get<Attention>(plan.paths[0].stages[0]).keys.empty());
  const std::string text = print(plan);
  for (const char* part :
       {"  path output_decode, for calls of at most 1 query\n",
        "  path output_few, for calls of at most 16 queries\n", "  path output\n",
        "    output (heads) = attention query (heads), key (heads), value (heads): one query, "
        "heads 8 "
        "on 2, sizes 64 and 20 padded to 32, scale 0.125, rows without keys: zero, mask: "
        "causal",
        "    output (heads) = attention query (heads), key (heads), value (heads): online, heads 8 "
        "on 2, sizes 64 and 20 padded to 32, scale 0.125, rows without keys: zero, mask: "
        "causal",
        "    512 keys of a task for one query, 256 for few\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nis not in\n" << text;
  EXPECT_EQ(plan_of(layer, {.few_queries = 64}).paths[1].most_queries, 64);
  for (int none : {0, 1}) {
    EXPECT_EQ(plan_of(layer, {.few_queries = none}).paths[1].name, "output") << none;
  }
  EXPECT_EQ(print(plan_of(encoder)).find("for one query"), std::string::npos);
}

// ---- operations between projections and attention, or after it

TEST(Plan, TakesSomeHeadsProjectedAndSomeAsTheyCome) {
  const attn::Graph mixed = with([](attn::Graph& g) {
    const auto x = g.input("x", {{Kind::batch}, {Kind::query}, {Kind::feature}});
    const auto y = g.input("y", {{Kind::batch}, {Kind::key}, {Kind::feature}});
    const auto q = project(x, "query", attn::heads(4, 8));
    const auto k = g.input("key", heads_at(Kind::key));
    const auto v = project(y, "value", attn::heads(4, 8));
    return project(combine(softmax(scores(q, k)), v), "output", attn::features_of(x));
  });
  const auto plan = planned(mixed);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  expect_lines(print(*plan), {"= attention %1, key (heads), %3: online, heads 4, "});
}

TEST(Plan, ProjectsHeadsThatCameAsInputs) {
  const attn::Graph behind = with([](attn::Graph& g) {
    const auto q = g.input("query", heads_at(Kind::query));
    const auto k = g.input("key", heads_at(Kind::key)), v = g.input("value", heads_at(Kind::key));
    return project(combine(softmax(scores(q, k)), v), "output", attn::features(7));
  });
  const auto plan = planned(behind);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  expect_lines(print(*plan),
               {" = attention query (heads), key (heads), value (heads): online, heads 4, ",
                "    output = project %3 by #0 output/kernel + #1 output/bias: rows\n"});
}

TEST(Plan, GivesProjectedHeadsBack) {
  const attn::Graph heads = with([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    const auto q = project(query, "query", attn::heads(4, 8));
    const auto k = project(key, "key", attn::heads(4, 8));
    const auto v = project(value, "value", attn::heads(4, 20));
    return combine(softmax(scores(q, k)), v);
  });
  const auto plan = planned(heads);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  const auto& map = std::get<Map>(plan->paths[0].stages[4]);
  EXPECT_EQ(map.heads, 4);
  EXPECT_EQ(map.head_size, 20);
  EXPECT_EQ(map.head_size_padded, 32);
  expect_lines(print(*plan), {"    output (heads) = map %6, heads 4 x 20 padded to 32: heads\n",
                              "        %0 = argument 0\n        yield %0\n"});
}

TEST(Plan, HasScoreFunctions) {
  const auto plan = planned(scored_by(attn::softcap(5.0f)));
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  const auto& a = std::get<Attention>(plan->paths[0].stages[3]);
  EXPECT_TRUE(a.pair.empty());
  EXPECT_EQ(a.score.results.size(), 1u);
  expect_lines(print(*plan),
               {"rows without keys: uniform\n", "      score\n", "argument 0\n", "tanh"});
}

TEST(Plan, ReadsTablesOfTheCall) {
  const attn::Table slopes{"slopes"}, strength{"strength"}, lengths{"lengths", attn::Type::index};
  auto plan = planned(scored_by(
      [&](auto x, auto at) { return x * strength + slopes[at.head] * lengths[at.batch]; }));
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  const std::string text = attnc::print(*plan);
  for (const char* part :
       {"    strength [] float32, a table\n", "slopes [head 4] float32, a table\n",
        "lengths [batch] index, a table\n", "= element slopes %", "= own strength\n"}) {
    EXPECT_NE(text.find(part), text.npos) << part << "\nin\n" << text;
  }
}

TEST(Plan, GatesRowsOfHeads) {
  attn::MultiHeadAttention layer{.num_heads = 2, .key_dim = 20, .use_gate = true};
  const Plan plan = plan_of(layer);
  const Path& path = plan.paths[0];
  const auto& gate = std::get<Projection>(path.stages[4]);
  const auto& map = std::get<Map>(path.stages[5]);
  const auto& output = std::get<Projection>(path.stages[6]);
  EXPECT_EQ(gate.head_size_padded, 32);
  EXPECT_EQ(plan.packings[static_cast<size_t>(gate.kernel)].column_block_padded, 32);
  EXPECT_EQ(map.inputs,
            std::vector<int>({std::get<Attention>(path.stages[3]).result, gate.result}));
  EXPECT_EQ(map.head_size_padded, 32);
  EXPECT_EQ(output.x, map.result);
  EXPECT_EQ(plan.packings[static_cast<size_t>(output.kernel)].row_block, 20);
  EXPECT_EQ(plan.packings[static_cast<size_t>(output.kernel)].row_block_padded, 32);
}

TEST(Plan, AttendsOverSeveralAxes) {
  attn::MultiHeadAttention layer{.num_heads = 2, .key_dim = 8, .attention_axes = {2, 3}};
  const std::string text = text_of(layer);
  expect_lines(
      text,
      {"    attention_mask [batch, batch.1, head 2, query, query.1, key, key.1] truth",
       "  path output\n", " = attention %1, %3, %5: online, heads 2, ", "own attention_mask\n"});
  EXPECT_EQ(text.find("keys ("), std::string::npos) << "no bounds over several axes";
}

// ---- outputs that are inputs

TEST(Plan, CopiesAnInputThatIsAnOutput) {
  const attn::Graph copied = with([](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key();
    return attn::Outputs{.output = project(query, "a", attn::features_of(query)) + query,
                         .attention_scores = query};
  });
  const auto plan = planned(copied);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  expect_lines(print(*plan),
               {"    output = map %1, query: rows\n", "  path output_attention_scores\n",
                "    attention_scores = map query: rows\n"});
}

// ---- attention without heads

TEST(Plan, HasLuongsAttention) {
  for (int rank : {2, 3, 4}) {
    attn::Attention layer{.use_scale = true, .size = 5, .input_rank = rank};
    const Plan plan = plan_of(layer);
    ASSERT_EQ(plan.paths.size(), 2u);
    const Path& path = plan.paths[0];
    const auto& a = std::get<Attention>(path.stages[0]);
    EXPECT_EQ(a.heads, 1);
    EXPECT_EQ(a.key_heads, 1);
    EXPECT_EQ(a.rule, attn::FullyMasked::additive);
    EXPECT_TRUE(a.keys.empty()) << "hidden keys may count";
    EXPECT_EQ(a.scale, 1);
    EXPECT_EQ(path.values[static_cast<size_t>(a.result)].layout, Layout::rows);
    const auto& keeps = std::get<Map>(path.stages[1]);
    EXPECT_EQ(keeps.inputs, std::vector<int>({a.result}));
    EXPECT_EQ(path.values[static_cast<size_t>(keeps.result)].layout, Layout::heads);
    EXPECT_EQ(keeps.heads, 1);
    EXPECT_EQ(keeps.head_size_padded, a.value_size_padded);
    expect_lines(print(plan), {"own #0 scale\n", "own query_mask\n"});
  }
}

TEST(Plan, HasBahdanausScores) {
  attn::Attention layer{.use_scale = true, .score_mode = attn::ScoreMode::concat, .size = 5};
  expect_lines(text_of(layer), {"rows without keys: additive, mask: ", "      pair\n",
                                "argument 0\n", "argument 1\n", "own #0 scale\n", "tanh",
                                "      score\n", "own #1 concat_score_weight\n", "      mask\n"});
}

// ---- element types

TEST(Plan, KeepsThePolicy) {
  auto layer = encoder;
  layer.dtype = attn::DTypePolicy::mixed_bfloat16;
  EXPECT_EQ(plan_of(layer).dtype, attn::DTypePolicy::mixed_bfloat16);
  expect_lines(text_of(layer), {"layer model::encoder (my_layers, avx512, mixed_bfloat16)\n",
                                "    query [batch, query, feature of query] bfloat16\n",
                                "    query/bias [head 12, size 64] float32\n"});
  layer.key_dim = 48;  // not a power of two: Keras rounds 1 / sqrt(48) to float32
  layer.dtype = attn::DTypePolicy::float64;
  const Plan plan = plan_of(layer);
  const auto& query = std::get<Projection>(plan.paths[0].stages[0]);
  EXPECT_NEAR(plan.packings[static_cast<size_t>(query.kernel)].scale,
              static_cast<float>(1 / 6.928203230275509), 1e-16);
  expect_lines(print(plan), {"layer model::encoder (my_layers, avx512, float64)\n",
                             "    query/bias [head 12, size 48] float64\n"});
}

}  // namespace
}  // namespace attnc::test
