// What is compiled for a layer: the passes run once, and only the kernels that calls need are made.
#include "tools/compiler.h"

#include <gtest/gtest.h>

#include "attn/attn.h"

namespace attnc {
namespace {

SourceLayer layer() {
  const attn::Description d = attn::layer(
      attn::DotProductAttention{.num_query_heads = 1, .num_key_value_heads = 1, .head_dim = 4});
  return {{.name = "layer", .fingerprint = attn::fingerprint(d), .graph = d.graph}, "", ""};
}

std::vector<std::string> paths_for(const std::optional<Calls>& calls) {
  SourceLayer for_calls = layer();
  for_calls.calls = calls;
  auto compiled = compile({.name = "library", .layers = {for_calls}, .targets = {"baseline"}});
  EXPECT_TRUE(compiled.ok()) << compiled.status().message();
  std::vector<std::string> names;
  if (!compiled.ok()) return names;
  const Variant& variant = compiled->parts.layers.at(0).variants.at(0);
  for (const Path& path : variant.plan.paths) names.push_back(path.name);
  EXPECT_EQ(variant.kernels.size(), names.size());
  for (const auto& kernel : variant.kernels) EXPECT_FALSE(kernel.object.empty());
  return names;
}

TEST(Calls, LeaveOutKernelsThatServeNoneOfThem) {
  using Names = std::vector<std::string>;
  const auto call = [](std::set<std::string> outputs, int64_t queries) {
    return ExpectedCall{
        .inputs = {"query", "key", "value"}, .outputs = outputs, .queries = queries};
  };
  const Calls many{call({"output"}, 17)}, few{call({"output"}, 2)}, one{call({"output"}, 1)},
      others{call({"nothing"}, 1)}, both{call({"output"}, 1), call({"output"}, 70)},
      scores{call({"output", "attention_scores"}, 1)};
  EXPECT_EQ(paths_for({}),
            (Names{"output_decode", "output_few", "output", "output_attention_scores"}));
  EXPECT_EQ(paths_for(scores), Names{"output_attention_scores"});
  EXPECT_EQ(paths_for(one), Names{"output_decode"});
  EXPECT_EQ(paths_for(few), Names{"output_few"});
  EXPECT_EQ(paths_for(both), (Names{"output_decode", "output"}));
  EXPECT_EQ(paths_for(many), Names{"output"});
  EXPECT_EQ(paths_for(others).size(), 1u) << "a library has a path";
}

TEST(Shapes, ChooseTheKernelsOfALibrary) {
  using Names = std::vector<std::string>;
  const auto paths = [](const SourceLayer& layer, const Shapes& shapes) {
    const auto compiled =
        compile({.name = "library", .layers = {layer}, .targets = {"baseline"}, .shapes = shapes});
    if (!compiled.ok()) return Names{compiled.status().message()};
    Names names;
    for (const Path& path : compiled->parts.layers.at(0).variants.at(0).plan.paths)
      names.push_back(path.name);
    return names;
  };
  EXPECT_EQ(paths(layer(), {.few = false, .many = false, .scores = false}), Names{"output_decode"});
  EXPECT_EQ(paths(layer(), {.one = false, .few = false, .scores = false}), Names{"output"});
  EXPECT_EQ(paths(layer(), {.one = false, .few = false, .many = false}),
            Names{"output_attention_scores"});
  EXPECT_EQ(paths(layer(), {.one = false, .few = false, .many = false, .scores = false}),
            Names{"layer layer has no kernel of the shapes that are asked for: it needs `many`"});
}

TEST(LoweredLayer, MakesPlansForEveryTarget) {
  auto lowered = LoweredLayer::make(layer());
  ASSERT_TRUE(lowered.ok()) << lowered.status().message();
  EXPECT_NE(lowered->stages.graph.find("attn.layer"), std::string::npos);
  EXPECT_NE(lowered->stages.final.find("attn.attention"), std::string::npos);
  const LoweredLayer moved = *std::move(lowered);
  for (const char* target : {"avx512", "baseline", "avx2", "avx512"}) {
    auto plan = moved.plan("library", target);
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    EXPECT_EQ(plan->target, target);
    EXPECT_EQ(plan->paths.size(), 4u);
  }
  EXPECT_FALSE(moved.plan("library", "no_target").ok());
}

}  // namespace
}  // namespace attnc
