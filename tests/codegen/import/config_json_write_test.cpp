// Writing Keras's JSON: what was read is written unchanged, and layers that were filled in C++ get
// Keras's keys.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "import/config_json.h"
#include "import/read_file.h"

namespace attnc {
namespace {

using json = nlohmann::json;

/// Every recorded configuration is written as it was read.
TEST(ConfigJson, WritesWhatItRead) {
  auto text = read_file(FIXTURES "/common/configs.json", 1 << 20);
  ASSERT_TRUE(text.ok());
  const json all = json::parse(*text);
  const InputShapes shapes{.query = {2, 4, 6}, .value = {2, 4, 6}};
  int configs = 0;
  for (const auto& [layer, forms] : all.items()) {
    if (layer == "component_forms") continue;
    for (const auto& [form, document] : forms.items()) {
      const json whole = document.contains("config")
                             ? document
                             : json{{"class_name", layer}, {"config", document}};
      // The serialised form contains the sizes itself.
      auto read =
          layer_from_json(whole, "x.json", document.contains("config") ? InputShapes{} : shapes);
      ASSERT_TRUE(read.ok()) << layer << " " << form << ": " << read.status().message();
      EXPECT_EQ(json(to_json(*read)), whole) << layer << " " << form;
      EXPECT_EQ(json(config_of(*read)), whole["config"]) << layer << " " << form;
      // The same from text: the result does not depend on how the document is represented.
      auto again = layer_from_json(to_json(*read).dump(2), "x.json", shapes);
      ASSERT_TRUE(again.ok()) << again.status().message();
      EXPECT_EQ(attn::fingerprint(again->description), attn::fingerprint(read->description));
      EXPECT_EQ(json(to_json(*again)), whole);
      ++configs;
    }
  }
  EXPECT_EQ(configs, 20);
  int components = 0;
  for (const auto& [kind, forms] : all["component_forms"].items()) {
    const std::string key = "kernel_" + kind.substr(0, kind.size() - 1);
    for (const json& form : forms) {
      const json config = {{"num_heads", 2}, {"key_dim", 4}, {key, form}};
      auto read = layer_from_json(config, "x.json");
      ASSERT_TRUE(read.ok()) << read.status().message();
      EXPECT_EQ(json(to_json(*read)), config);
      ++components;
    }
  }
  EXPECT_EQ(components, 23);
}

TEST(ConfigJson, WritesOlderFilesAsTheyCame) {
  for (
      const char* text :
      {R"({"num_heads": 2, "key_dim": 4, "output_shape": 7, "attention_axes": 1, "dtype": "float32"})",
       R"({"num_heads": 3, "key_dim": 4, "reuse_attention": 1, "max_sequence_length": 9})",
       R"({"class_name": "keras.layers>MultiHeadAttention", "config": {"num_heads": true, "key_dim": 4,
               "output_shape": 0, "dropout": 0}, "registered_name": null, "something": [1, {"else": 2}]})",
       R"({"score_mode": "dot", "size": 4})"}) {
    auto read = layer_from_json(std::string(text), "x.json");
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(json(to_json(*read)), json::parse(text));
  }
}

TEST(ConfigJson, WritesFieldsAsTheyAreNow) {
  auto read = layer_from_json(std::string(R"({"class_name": "ReuseMultiHeadAttention", "config":
      {"num_heads": 3, "key_dim": 4, "pe_max_seq_length": 9, "kernel_initializer": "zeros"}})"),
                              "x.json");
  ASSERT_TRUE(read.ok());
  auto& config = std::get<attn::ReuseMultiHeadAttention>(read->config);
  config.num_heads = 5, config.max_sequence_length = 8, config.output_shape = {2, 3};
  EXPECT_EQ(json(to_json(*read)), json::parse(R"({"class_name": "ReuseMultiHeadAttention", "config":
      {"num_heads": 5, "key_dim": 4, "pe_max_seq_length": 8, "kernel_initializer": "zeros",
       "output_shape": [2, 3]}})"));
}

/// A layer that was filled in C++ is written like the configuration of an original with the same
/// arguments, defaults included.
TEST(ConfigJson, WritesLayersFilledInCpp) {
  auto text = read_file(FIXTURES "/common/configs.json", 1 << 20);
  ASSERT_TRUE(text.ok());
  const json all = json::parse(*text);
  const std::pair<const char*, NamedLayer> layers[] = {
      {"MultiHeadAttention", attn::MultiHeadAttention{.num_heads = 2, .key_dim = 4}},
      {"CachedMultiHeadAttention", attn::CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4}},
      {"GroupedQueryAttention",
       attn::GroupQueryAttention{.head_dim = 4, .num_query_heads = 4, .num_key_value_heads = 2}},
      {"ReuseMultiHeadAttention", attn::ReuseMultiHeadAttention{.num_heads = 3, .key_dim = 4}},
  };
  for (const auto& [name, layer] : layers) {
    auto made = layer_from_fields(layer, "attn");
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_EQ(json(config_of(*made)), all[name]["default_unbuilt"]) << name;
    json serialized = all[name]["serialized"];
    serialized.erase("build_config");
    serialized["config"] = all[name]["default_unbuilt"];
    EXPECT_EQ(json(to_json(*made)), serialized) << name;
  }
  const NamedLayer filled[] = {
      attn::MultiHeadAttention{.num_heads = 2,
                               .key_dim = 4,
                               .value_dim = 5,
                               .dropout = 0.1f,
                               .use_bias = false,
                               .output_shape = {3, 4},
                               .attention_axes = {-2},
                               .sliding_window = 3,
                               .use_gate = true,
                               .dtype = attn::DTypePolicy::mixed_bfloat16,
                               .input_rank = 4,
                               .fully_masked = attn::FullyMasked::zero},
      attn::MultiHeadAttention{
          .num_heads = 2, .key_dim = 4, .flash_attention = true, .mask = attn::causal},
      attn::Attention{.use_scale = true,
                      .score_mode = attn::ScoreMode::concat,
                      .size = 8,
                      .value_size = 3,
                      .input_rank = 4},
      attn::ReuseMultiHeadAttention{.num_heads = 3,
                                    .key_dim = 4,
                                    .reuse_attention = 2,
                                    .use_relative_pe = true,
                                    .max_sequence_length = 7},
      attn::DotProductAttention{.num_query_heads = 4,
                                .num_key_value_heads = 2,
                                .head_dim = 8,
                                .mask = attn::causal_from_the_end},
  };
  for (const NamedLayer& layer : filled) {
    auto made = layer_from_fields(layer, "attn");
    ASSERT_TRUE(made.ok()) << as_source(layer) << ": " << made.status().message();
    auto read = layer_from_json(json(to_json(*made)), "x.json");
    ASSERT_TRUE(read.ok()) << to_json(*made) << read.status().message();
    EXPECT_EQ(attn::fingerprint(read->description), attn::fingerprint(made->description))
        << as_source(read->config);
  }
  EXPECT_EQ(
      layer_from_fields(
          attn::MultiHeadAttention{.num_heads = 2, .key_dim = 4, .mask = attn::sliding_window(3)},
          "a")
          .status()
          .message(),
      "`mask` is a formula, which only C++ can say: in JSON it is \"causal\", "
      "\"causal_from_the_end\" or null");
  EXPECT_EQ(layer_from_fields(attn::MultiHeadAttention{.num_heads = 2}, "a").status().message(),
            "`key_dim` must be positive, not 0");
}

TEST(ConfigJson, WritesKeysInKerasOrder) {
  auto read =
      layer_from_json(std::string(R"({"seed": null, "key_dim": 4, "num_heads": 2, "name": "a",
      "dtype": {"registered_name": null, "config": {"name": "float32"}, "class_name": "DTypePolicy"}})"),
                      "x.json");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(to_json(*read).dump(),
            R"({"name":"a","dtype":{"class_name":"DTypePolicy","config":{"name":"float32"},)"
            R"("registered_name":null},"num_heads":2,"key_dim":4,"seed":null})");
}

}  // namespace
}  // namespace attnc
