// Keras's JSON: what is read, what is skipped, and the sentence for everything else.
#include "import/config_json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "import/section.h"

namespace attnc {
namespace {

using attn::StatusCode;

std::string sentence(const std::string& text) {
  auto layer = layer_from_json(text, "x.json");
  return layer.ok() ? "" : layer.status().message();
}
StatusCode code(const std::string& text) { return layer_from_json(text, "x.json").status().code(); }

TEST(ConfigJson, ReadsAllThreeForms) {
  const auto same =
      attn::fingerprint(attn::try_layer(attn::MultiHeadAttention{.num_heads = 2, .key_dim = 4}));
  for (
      const char* text : {
          R"({"num_heads": 2, "key_dim": 4})",
          R"({"class_name": "MultiHeadAttention", "config": {"num_heads": 2, "key_dim": 4}})",
          R"({"class_name": "keras.layers>MultiHeadAttention", "config": {"num_heads": 2, "key_dim": 4}})",
          R"({"layer": "MultiHeadAttention", "config": {"num_heads": 2, "key_dim": 4}, "calls": []})",
      }) {
    auto layer = layer_from_json(std::string(text), "x.json");
    ASSERT_TRUE(layer.ok()) << layer.status().message();
    EXPECT_EQ(attn::fingerprint(layer->description), same);
  }
}

TEST(ConfigJson, ReadsEveryField) {
  auto layer = layer_from_json(std::string(R"({"name": "enc", "trainable": true, "seed": 3,
    "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": null},
    "num_heads": 2, "key_dim": 4, "value_dim": 5, "dropout": 0.25, "use_bias": false, "output_shape": [3, 4],
    "attention_axes": [1], "sliding_window": null, "use_gate": false, "fully_masked": "zero",
    "kernel_initializer": {"class_name": "GlorotUniform"}, "bias_constraint": null})"),
                               "x.json");
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  EXPECT_EQ(layer->name, "enc");
  EXPECT_EQ(
      as_source(layer->config),
      "attn::MultiHeadAttention{.num_heads = 2, .key_dim = 4, .value_dim = 5, .dropout = 0.25f, "
      ".use_bias = false, .output_shape = {3, 4}, .fully_masked = attn::FullyMasked::zero}");
  auto older = layer_from_json(
      std::string(R"({"num_heads": 2, "key_dim": 4, "value_dim": null, "output_shape": 7,
    "dtype": "float32", "attention_axes": null})"),
      "x.json");
  ASSERT_TRUE(older.ok()) << older.status().message();
  EXPECT_EQ(as_source(older->config),
            "attn::MultiHeadAttention{.num_heads = 2, .key_dim = 4, .output_shape = {7}}");
}

TEST(ConfigJson, NamesKeysThatItDoesNotKnow) {
  EXPECT_EQ(sentence(R"({"num_heads": 2, "key_dim": 4, "num_head": 3})"),
            "x.json: MultiHeadAttention has no key `num_head`");
  EXPECT_EQ(sentence(R"({"num_heads": 2})"), "x.json: the key `key_dim` is missing");
  EXPECT_EQ(sentence(R"({"key_dim": 2})"), "x.json: the key `num_heads` is missing");
  EXPECT_EQ(sentence(R"({"num_heads": 2, "key_dim": 4, "mask": "causal"})"), "");
  EXPECT_EQ(sentence(R"({"num_heads": 2, "key_dim": 4, "mask": "diagonal"})"),
            "x.json: `mask` must be \"causal\", \"causal_from_the_end\" or null (others can only "
            "be written in C++), not "
            "\"diagonal\"");
}

TEST(ConfigJson, NamesValuesOfAnotherType) {
  auto with = [](const std::string& member) {
    return sentence(R"({"num_heads": 2, "key_dim": 4, )" + member + "}");
  };
  EXPECT_EQ(sentence(R"({"num_heads": "two", "key_dim": 4})"),
            "x.json: `num_heads` must be a whole number, not \"two\"");
  EXPECT_EQ(sentence(R"({"num_heads": true, "key_dim": 4})"),
            "x.json: `num_heads` must be a whole number, not true");
  EXPECT_EQ(sentence(R"({"num_heads": 2.5, "key_dim": 4})"),
            "x.json: `num_heads` must be a whole number, not 2.5");
  EXPECT_EQ(sentence(R"({"num_heads": null, "key_dim": 4})"),
            "x.json: `num_heads` must be a whole number, not null");
  EXPECT_EQ(sentence(R"({"num_heads": 99999999999999999999, "key_dim": 4})"),
            "x.json: `num_heads` must be a whole number, not 1e+20");
  EXPECT_EQ(sentence(R"({"num_heads": 4294967297, "key_dim": 4})"),
            "x.json: `num_heads` must be a whole number, not 4294967297");
  EXPECT_EQ(with(R"("value_dim": [])"),
            "x.json: `value_dim` must be a whole number or null, not []");
  EXPECT_EQ(with(R"("dropout": "none")"), "x.json: `dropout` must be a number, not \"none\"");
  EXPECT_EQ(with(R"("use_bias": 1)"), "x.json: `use_bias` must be true or false, not 1");
  EXPECT_EQ(
      with(R"("output_shape": {"a": 1})"),
      "x.json: `output_shape` must be a whole number, a list of them, or null, not {\"a\":1}");
  EXPECT_EQ(with(R"("output_shape": [])"),
            "x.json: `output_shape` must be a whole number, a list of them, or null, not []");
  EXPECT_EQ(with(R"("output_shape": [1, 2, 3, 4, 5])"),
            "x.json: `output_shape` has at most 4 numbers, not 5");
  EXPECT_EQ(with(R"("fully_masked": "half")"),
            "x.json: `fully_masked` must be \"uniform\", \"zero\" or null, not \"half\"");
  EXPECT_EQ(with(R"("attention_axes": "1")"),
            "x.json: `attention_axes` must be a whole number, a list of them, or null, not \"1\"");
  EXPECT_EQ(with(R"("use_gate": 1)"), "x.json: `use_gate` must be true or false, not 1");
  EXPECT_EQ(with(R"("sliding_window": 2.5)"),
            "x.json: `sliding_window` must be a whole number or null, not 2.5");
  EXPECT_EQ(with(R"("dtype": 32)"), "x.json: `dtype` must be a name or a DTypePolicy, not 32");
}

TEST(ConfigJson, RangesAreTheLanguagesOwn) {
  EXPECT_EQ(sentence(R"({"num_heads": -3, "key_dim": 4})"),
            "x.json: `num_heads` must be positive, not -3");
  EXPECT_EQ(sentence(R"({"num_heads": 2, "key_dim": 4, "dropout": 1})"),
            "x.json: `dropout` must be in [0, 1)");
  EXPECT_EQ(sentence(R"({"num_heads": 2, "key_dim": 4, "output_shape": [3, 0]})"),
            "x.json: `output_shape` must be positive, not 0");
  EXPECT_EQ(code(R"({"num_heads": -3, "key_dim": 4})"), StatusCode::invalid_argument);
}

TEST(ConfigJson, SaysWhatIsNotSupportedYet) {
  auto with = [](const std::string& member) {
    return R"({"num_heads": 2, "key_dim": 4, )" + member + "}";
  };
  const std::pair<const char*, const char*> cases[] = {
      {R"("attention_axes": [2, 3])",
       "x.json: `attention_axes` = [2,3] is not supported yet; axis 1 of inputs with three axes "
       "is"},
      {R"("attention_axes": -2)",
       "x.json: `attention_axes` = -2 is not supported yet; axis 1 of inputs with three axes is"},
      {R"("sliding_window": 3)", "x.json: `sliding_window` = 3 is not supported yet; null is"},
      {R"("use_gate": true)", "x.json: `use_gate` = true is not supported yet; false is"},
      {R"("dtype": "float16")",
       "x.json: `dtype` = \"float16\" is not supported yet; \"float32\" is"},
      {R"("dtype": {"class_name": "DTypePolicy", "config": {"name": "mixed_bfloat16"}})",
       "x.json: `dtype` = \"mixed_bfloat16\" is not supported yet; \"float32\" is"},
  };
  for (const auto& [member, expected] : cases) {
    EXPECT_EQ(sentence(with(member)), expected);
    EXPECT_EQ(code(with(member)), StatusCode::unsupported);
  }
  for (const char* text :
       {R"({"class_name": "keras.layers>Attention", "config": {}})", R"({"use_scale": true})"}) {
    EXPECT_EQ(sentence(text),
              "x.json: layer \"Attention\" is not supported yet; MultiHeadAttention, "
              "GroupQueryAttention and DotProductAttention are");
    EXPECT_EQ(code(text), StatusCode::unsupported);
  }
}

TEST(ConfigJson, ReadsGroupQueryAttention) {
  const attn::GroupQueryAttention wanted{
      .head_dim = 4, .num_query_heads = 6, .num_key_value_heads = 2};
  const auto same = attn::fingerprint(attn::try_layer(wanted));
  for (
      const char* text : {
          R"({"head_dim": 4, "num_query_heads": 6, "num_key_value_heads": 2})",
          R"({"class_name": "GroupQueryAttention",
               "config": {"head_dim": 4, "num_query_heads": 6, "num_key_value_heads": 2}})",
          R"({"class_name": "keras>GroupedQueryAttention", "config": {"head_dim": 4, "num_query_heads": 6,
               "num_key_value_heads": 2, "use_gate": false, "sliding_window": null, "dtype": "float32", "seed": 3}})",
      }) {
    auto layer = layer_from_json(std::string(text), "x.json");
    ASSERT_TRUE(layer.ok()) << layer.status().message();
    EXPECT_EQ(attn::fingerprint(layer->description), same);
    EXPECT_EQ(
        as_source(layer->config),
        "attn::GroupQueryAttention{.head_dim = 4, .num_query_heads = 6, .num_key_value_heads = 2}");
  }
  auto with = [](const std::string& member) {
    return R"({"head_dim": 4, "num_query_heads": 6, "num_key_value_heads": 2, )" + member + "}";
  };
  auto all = layer_from_json(
      with(R"("dropout": 0.5, "use_bias": false, "fully_masked": "zero", "mask": "causal")"), "x");
  ASSERT_TRUE(all.ok()) << all.status().message();
  EXPECT_EQ(as_source(all->config),
            "attn::GroupQueryAttention{.head_dim = 4, .num_query_heads = 6, .num_key_value_heads = "
            "2, .dropout = 0.5f, "
            ".use_bias = false, .fully_masked = attn::FullyMasked::zero, .mask = attn::causal}");
  EXPECT_EQ(sentence(R"({"head_dim": 4, "num_query_heads": 6})"),
            "x.json: the key `num_key_value_heads` is missing");
  EXPECT_EQ(sentence(with(R"("num_heads": 3)")),
            "x.json: GroupQueryAttention has no key `num_heads`");
  EXPECT_EQ(sentence(with(R"("attention_axes": [1])")),
            "x.json: GroupQueryAttention has no key `attention_axes`");
  EXPECT_EQ(
      sentence(R"({"head_dim": 4, "num_query_heads": 6, "num_key_value_heads": 4})"),
      "x.json: `num_query_heads` must be divisible by `num_key_value_heads`, and 6 is not by 4");
  for (const auto& [member, expected] :
       {std::pair(R"("sliding_window": 3)",
                  "x.json: `sliding_window` = 3 is not supported yet; null is"),
        std::pair(R"("use_gate": true)",
                  "x.json: `use_gate` = true is not supported yet; false is"),
        std::pair(R"("dtype": "float16")",
                  "x.json: `dtype` = \"float16\" is not supported yet; \"float32\" is")}) {
    EXPECT_EQ(sentence(with(member)), expected);
    EXPECT_EQ(code(with(member)), StatusCode::unsupported);
  }
}

TEST(ConfigJson, ReadsDotProductAttention) {
  auto text = [](const std::string& more) {
    return R"({"class_name": "DotProductAttention", "config": {"num_query_heads": 8, "num_key_value_heads": 2,
               "head_dim": 64)" +
           more + "}}";
  };
  auto source = [&](const std::string& more) {
    auto layer = layer_from_json(text(more), "x.json");
    return layer.ok() ? as_source(layer->config) : layer.status().message();
  };
  const std::string begin =
      "attn::DotProductAttention{.num_query_heads = 8, .num_key_value_heads = 2, .head_dim = 64";
  EXPECT_EQ(source(""), begin + "}");
  EXPECT_EQ(
      source(
          R"(, "name": "a", "dtype": "float32", "value_dim": null, "fully_masked": null, "mask": null)"),
      begin + "}");
  EXPECT_EQ(
      source(R"(, "value_dim": 24, "fully_masked": "uniform", "mask": "causal_from_the_end")"),
      begin +
          ", .value_dim = 24, .fully_masked = attn::FullyMasked::uniform, .mask = "
          "attn::causal_from_the_end}");
  EXPECT_EQ(source(R"(, "fully_masked": "zero")"), begin + "}");
  EXPECT_EQ(source(R"(, "fully_masked": "half")"),
            "x.json: `fully_masked` must be \"uniform\", \"zero\" or null, not \"half\"");
  for (const char* key : {"use_bias", "dropout", "seed", "sliding_window", "attention_axes"}) {
    EXPECT_EQ(source(fmt::format(R"(, "{}": 1)", key)),
              fmt::format("x.json: DotProductAttention has no key `{}`", key));
  }
  EXPECT_EQ(sentence(R"({"class_name": "DotProductAttention", "config": {}})"),
            "x.json: the key `head_dim` is missing");
}

TEST(ConfigJson, OtherTextsAreNoLayers) {
  EXPECT_EQ(sentence("").find("x.json is not JSON: parse error at line 1, column 1"), 0u)
      << sentence("");
  EXPECT_EQ(
      sentence("{\"num_heads\": 2,\n}").find("x.json is not JSON: parse error at line 2, column 1"),
      0u);
  EXPECT_EQ(sentence("[1, 2]"), "x.json: a layer's configuration is an object, not [1,2]");
  EXPECT_EQ(sentence("{}"),
            "x.json: no layer's configuration: neither a `class_name` nor the key `num_heads` or "
            "`num_query_heads` is there");
  EXPECT_EQ(sentence(R"({"config": 3})"), "x.json: `config` is an object, not 3");
  EXPECT_EQ(sentence(R"({"num_heads": 2, "key_dim": 1e999})").find("x.json is not JSON: "), 0u);
  EXPECT_EQ(code(std::string("{\"num_heads\": \"\xff\"}")), StatusCode::invalid_file);
  EXPECT_EQ(code(std::string(200000, '[')), StatusCode::invalid_file);
  EXPECT_EQ(sentence(std::string(100000, '[') + std::string(100000, ']')),
            "x.json: nested more than 64 deep");
  EXPECT_EQ(sentence(std::string((16 << 20) + 1, ' ')),
            "x.json: 16777217 bytes are too many for a description of a layer (at most 16777216)");
}

TEST(ConfigJson, CutAndForgedFixturesNeverCrash) {
  auto text = read_file(FIXTURES "/mha/output_shape_tuple.json", 1 << 20);
  ASSERT_TRUE(text.ok());
  ASSERT_TRUE(layer_from_json(*text, "x.json").ok());
  for (size_t size = 0; size + 1 < text->size(); ++size) {
    EXPECT_FALSE(layer_from_json(text->substr(0, size), "x.json").ok()) << size;
  }
  std::mt19937 random(20261121);
  for (int round = 0; round < 3000; ++round) {
    std::string forged = *text;
    for (int n = 1 + round % 4; n-- > 0;)
      forged[random() % forged.size()] = static_cast<char>(random());
    auto layer = layer_from_json(forged, "x.json");
    if (!layer.ok()) ASSERT_EQ(layer.status().message().find("x.json"), 0u);
  }
}

}  // namespace
}  // namespace attnc
