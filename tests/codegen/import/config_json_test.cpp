// Keras's JSON: what is read, what is ignored, and the error for everything else.
#include "import/config_json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "import/read_file.h"

namespace attnc {
namespace {

using attn::StatusCode;

using json = nlohmann::json;

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
      ".use_bias = false, .output_shape = {3, 4}, .attention_axes = {1}, .fully_masked = "
      "attn::FullyMasked::zero}");
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
  EXPECT_EQ(sentence(R"({"num_heads": true, "key_dim": 4})"), "");  // true is 1, as in Python
  EXPECT_EQ(sentence(R"({"num_heads": "2", "key_dim": 4})"),
            "x.json: `num_heads` must be a whole number, not \"2\"");
  EXPECT_EQ(sentence(R"({"num_heads": 2.0, "key_dim": 4})"),
            "x.json: `num_heads` must be a whole number, not 2.0");
  EXPECT_EQ(sentence(R"({"num_heads": NaN, "key_dim": 4})").find("x.json is not JSON: "), 0u);
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
  EXPECT_EQ(with(R"("dropout": null)"), "x.json: `dropout` must be a number, not null");
  EXPECT_EQ(with(R"("use_bias": null)"), "x.json: `use_bias` must be true or false, not null");
  EXPECT_EQ(with(R"("use_bias": 1)"), "x.json: `use_bias` must be true or false, not 1");
  EXPECT_EQ(
      with(R"("output_shape": {"a": 1})"),
      "x.json: `output_shape` must be a whole number, a list of them, or null, not {\"a\":1}");
  for (const char* none : {"[]", "0", "false", "null"}) {
    EXPECT_EQ(with(fmt::format(R"("output_shape": {})", none)), "");
  }
  EXPECT_EQ(with(R"("output_shape": [1, 2, 3, 4, 5])"),
            "x.json: `output_shape` has at most 4 numbers, not 5");
  EXPECT_EQ(
      with(R"("fully_masked": "half")"),
      "x.json: `fully_masked` must be \"uniform\", \"zero\", \"additive\" or null, not \"half\"");
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
  EXPECT_EQ(sentence(R"({"num_heads": 2, "key_dim": 4, "dropout": 1.5})"),
            "x.json: `dropout` must be in [0, 1]");
  EXPECT_EQ(sentence(R"({"num_heads": 2, "key_dim": 4, "output_shape": [3, 0]})"),
            "x.json: `output_shape` must be positive, not 0");
  EXPECT_EQ(code(R"({"num_heads": -3, "key_dim": 4})"), StatusCode::invalid_argument);
}

TEST(ConfigJson, ReadsAxesWindowsAndGates) {
  auto source = [](const std::string& member, const InputShapes& shapes = {}) {
    auto layer =
        layer_from_json(R"({"num_heads": 2, "key_dim": 4, )" + member + "}", "x.json", shapes);
    return layer.ok() ? as_source(layer->config) : layer.status().message();
  };
  const std::string begin = "attn::MultiHeadAttention{.num_heads = 2, .key_dim = 4";
  EXPECT_EQ(source(R"("attention_axes": 1)"), begin + ", .attention_axes = {1}}");
  EXPECT_EQ(source(R"("attention_axes": [2, 3])"), begin + ", .attention_axes = {2, 3}}");
  EXPECT_EQ(source(R"("attention_axes": [2, 1], "input_rank": 4)"),
            begin + ", .attention_axes = {2, 1}, .input_rank = 4}");
  EXPECT_EQ(source(R"("attention_axes": null)", {.query = {2, 3, 4, 5}}),
            begin + ", .input_rank = 4}");
  EXPECT_EQ(source(R"("attention_axes": [1])", {.query = {2, 3, 5}}),
            begin + ", .attention_axes = {1}}");
  EXPECT_EQ(source(R"("attention_axes": -2)", {.query = {2, 3, 4, 5}}),
            begin + ", .attention_axes = {-2}, .input_rank = 4}");
  EXPECT_EQ(
      source(R"("attention_axes": -2)"),
      "x.json: `attention_axes` names an axis twice, or one that is not between the batch and "
      "the feature axis (counting from the back needs `input_rank`)");
  EXPECT_EQ(source(R"("attention_axes": [])"),
            "x.json: `attention_axes` must be a whole number, a list of them, or null, not []");
  EXPECT_EQ(source(R"("input_rank": 3)", {.query = {2, 3, 4, 5}}),
            "x.json: `input_rank` is 3, and the query has 4 axes");
  EXPECT_EQ(source(R"("sliding_window": 3, "use_gate": true)"),
            begin + ", .sliding_window = 3, .use_gate = true}");
  EXPECT_EQ(source(R"("flash_attention": true)"), begin + ", .flash_attention = true}");
  EXPECT_EQ(source(R"("flash_attention": null)"), begin + "}");
  EXPECT_EQ(source(R"("flash_attention": true, "dropout": 0.5)"),
            "x.json: `dropout` is not supported with `flash_attention`: set it to 0");
  EXPECT_EQ(source(R"("fully_masked": "additive")"),
            begin + ", .fully_masked = attn::FullyMasked::additive}");
}

TEST(ConfigJson, ReadsEveryPolicyOfElementTypes) {
  auto source = [](const std::string& dtype) {
    auto layer =
        layer_from_json(R"({"num_heads": 2, "key_dim": 4, "dtype": )" + dtype + "}", "x.json");
    return layer.ok() ? as_source(layer->config) : layer.status().message();
  };
  const std::string begin = "attn::MultiHeadAttention{.num_heads = 2, .key_dim = 4";
  EXPECT_EQ(source("null"), begin + "}");
  for (const char* name : attn::policy_names) {
    const std::string wanted =
        std::string(name) == "float32"
            ? begin + "}"
            : fmt::format("{}, .dtype = attn::DTypePolicy::{}}}", begin, name);
    EXPECT_EQ(source(fmt::format("\"{}\"", name)), wanted);
    EXPECT_EQ(source(fmt::format(R"({{"module": "keras", "class_name": "DTypePolicy",
                "config": {{"name": "{}"}}, "registered_name": null}})",
                                 name)),
              wanted);
  }
  EXPECT_EQ(source("\"int8\""),
            "x.json: `dtype` = \"int8\" is not supported; float32, float64, float16, bfloat16, "
            "mixed_float16, mixed_bfloat16 are");
  EXPECT_EQ(
      source(R"({"class_name": "QuantizedDTypePolicy", "config": {"name": "int8_from_float32"}})"),
      "x.json: `dtype` of class QuantizedDTypePolicy is not supported: a DTypePolicy is");
  EXPECT_EQ(
      source(R"({"class_name": "DTypePolicy"})"),
      "x.json: `dtype` must be a name or a DTypePolicy, not {\"class_name\":\"DTypePolicy\"}");
  EXPECT_EQ(code(R"({"num_heads": 2, "key_dim": 4, "dtype": "int8"})"), StatusCode::unsupported);
}

TEST(ConfigJson, ReadsAttention) {
  auto source = [](const std::string& text, const InputShapes& shapes = {}) {
    auto layer = layer_from_json(text, "x.json", shapes);
    return layer.ok() ? as_source(layer->config) : layer.status().message();
  };
  EXPECT_EQ(source(R"({"use_scale": true, "score_mode": "concat", "dropout": 0.5, "size": 8})"),
            "attn::Attention{.use_scale = true, .score_mode = attn::ScoreMode::concat, .dropout = "
            "0.5f, .size = 8}");
  const std::string plain = R"({"class_name": "Attention", "config": {"score_mode": "dot"})";
  EXPECT_EQ(source(plain + R"(, "build_config": {"input_shape": [[2, 4, 6], [2, 4, 6]]}})"),
            "attn::Attention{.size = 6}");
  EXPECT_EQ(
      source(plain +
             R"(, "build_config": {"input_shape": [[null, 4, 6], [null, 4, 9], [null, 4, 6]]}})"),
      "attn::Attention{.size = 6, .value_size = 9}");
  EXPECT_EQ(source(plain + "}", {.query = {4, 5}, .value = {6, 5}}),
            "attn::Attention{.size = 5, .input_rank = 2}");
  EXPECT_EQ(source(plain + "}").find("x.json: the key `size` is missing: Keras reads the features"),
            0u);
  EXPECT_EQ(source(plain + "}", {.query = {2, 4, 5}, .value = {2, 6, 9}, .key = {2, 6, 8}}),
            "x.json: query and key have 5 features, and the key has 8");
  EXPECT_EQ(source(plain + "}", {.query = {2, 4, 5}, .value = {2, 6, 3, 9}}),
            "x.json: the query has 3 axes and the value 4");
  EXPECT_EQ(source(R"({"score_mode": "x", "size": 4})"),
            "x.json: `score_mode` must be \"dot\" or \"concat\", not \"x\"");
  EXPECT_EQ(source(R"({"score_mode": "dot", "size": 0})"),
            "x.json: `size` must be positive, not 0");
}

TEST(ConfigJson, ReadsCachedAndReuse) {
  auto source = [](const std::string& text) {
    auto layer = layer_from_json(text, "x.json");
    return layer.ok() ? as_source(layer->config) : layer.status().message();
  };
  EXPECT_EQ(
      source(R"({"class_name": "keras_hub>CachedMultiHeadAttention", "module": "keras_hub.layers",
                       "config": {"num_heads": 2, "key_dim": 4, "value_dim": 4, "attention_axes": [1]}})"),
      "attn::CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4, .value_dim = 4, "
      ".attention_axes = {1}}");
  EXPECT_EQ(source(R"({"class_name": "CachedMultiHeadAttention",
                       "config": {"num_heads": 2, "key_dim": 4, "attention_axes": [2]}})"),
            "attn::CachedMultiHeadAttention{.num_heads = 2, .key_dim = 4, .attention_axes = {2}}");
  auto reuse = [&](const std::string& more) {
    return source(R"({"num_heads": 3, "key_dim": 4, "reuse_attention": )" + more + "}");
  };
  const std::string begin = "attn::ReuseMultiHeadAttention{.num_heads = 3, .key_dim = 4";
  EXPECT_EQ(reuse("0"), begin + "}");
  EXPECT_EQ(reuse("true"), begin + ", .reuse_attention = 1}");
  EXPECT_EQ(reuse(R"(-1, "query_shape": [2, 3, 4, 6], "attention_axes": 2, "output_shape": 0)"),
            begin + ", .reuse_attention = -1, .attention_axes = {2}, .input_rank = 4}");
  EXPECT_EQ(reuse(R"(2, "use_relative_pe": true, "pe_max_seq_length": 5)"),
            begin + ", .reuse_attention = 2, .use_relative_pe = true, .max_sequence_length = 5}");
  EXPECT_EQ(reuse(R"(2, "max_sequence_length": 5, "pe_max_seq_length": 5)"),
            begin + ", .reuse_attention = 2, .max_sequence_length = 5}");
  EXPECT_EQ(reuse(R"(2, "max_sequence_length": 5, "pe_max_seq_length": 6)"),
            "x.json: `max_sequence_length` and `pe_max_seq_length` are one thing, and are 5 and 6");
  EXPECT_EQ(reuse("4"),
            "x.json: `reuse_attention` must be between -1 and the number of heads (3), not 4");
  EXPECT_EQ(reuse(R"(0, "query_shape": "wide")"),
            "x.json: `query_shape` must be a list of whole numbers or null, not \"wide\"");
}

TEST(ConfigJson, NamesComponentsThatItDoesNotKnow) {
  auto with = [](const std::string& member) {
    return sentence(R"({"num_heads": 2, "key_dim": 4, )" + member + "}");
  };
  for (const char* known :
       {R"("kernel_initializer": null)", R"("kernel_initializer": "glorot_uniform")",
        R"("kernel_initializer": "HeNormal")", R"("bias_initializer": "zeros")",
        R"("bias_initializer": {"class_name": "Constant", "config": {"value": 0.5}})",
        R"("kernel_regularizer": "l1_l2")", R"("bias_constraint": "non_neg")",
        R"("kernel_constraint": {"module": "keras.constraints", "class_name": "MaxNorm",
            "config": {"max_value": 2, "axis": 0}, "registered_name": null})"}) {
    EXPECT_EQ(with(known), "") << known;
  }
  const std::pair<const char*, const char*> cases[] = {
      {R"("kernel_initializer": "foo")",
       "`kernel_initializer`: could not interpret initializer identifier: foo"},
      {R"("bias_initializer": 3)",
       "`bias_initializer`: could not interpret initializer identifier: 3"},
      {R"("activity_regularizer": "max_norm")",
       "`activity_regularizer`: could not interpret regularizer identifier: max_norm"},
      {R"("kernel_constraint": {"class_name": "Mine", "config": {}})",
       "`kernel_constraint`: could not interpret constraint identifier: Mine"},
      {R"("kernel_constraint": {"config": {}})",
       "`kernel_constraint`: could not interpret constraint identifier: {\"config\":{}}"},
      {R"("kernel_initializer": {"class_name": "Zeros", "config": {"value": 1}})",
       "`kernel_initializer`: Zeros has no key `value`"},
      {R"("kernel_initializer": {"class_name": "Zeros", "foo": 1})",
       "`kernel_initializer`: the initializer Zeros has no key `foo`"},
  };
  for (const auto& [member, expected] : cases) {
    EXPECT_EQ(with(member), std::string("x.json: ") + expected);
  }
  EXPECT_EQ(with(R"("name": 3)"), "x.json: `name` must be a text or null, not 3");
  EXPECT_EQ(with(R"("trainable": 1)"), "x.json: `trainable` must be true or false, not 1");
  EXPECT_EQ(with(R"("seed": "a")"), "x.json: `seed` must be a whole number or null, not \"a\"");
}

TEST(ConfigJson, OtherLayersAreNotSupported) {
  const std::string text = R"({"class_name": "keras.layers>AdditiveAttention", "config": {}})";
  EXPECT_EQ(sentence(text),
            "x.json: layer \"AdditiveAttention\" is not supported; MultiHeadAttention, "
            "GroupQueryAttention, CachedMultiHeadAttention, ReuseMultiHeadAttention, Attention and "
            "DotProductAttention are");
  EXPECT_EQ(code(text), StatusCode::unsupported);
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
  EXPECT_EQ(sentence(with(R"("sliding_window": 0)")),
            "x.json: `sliding_window` must be positive where it is given, not 0");
  auto rank = layer_from_json(with(R"("use_gate": true, "sliding_window": 3)"), "x.json",
                              {.query = {2, 3, 4, 6}});
  EXPECT_EQ(rank.status().message(),
            "x.json: GroupQueryAttention takes inputs with three axes, and the query has 4");
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
  EXPECT_EQ(
      source(R"(, "fully_masked": "half")"),
      "x.json: `fully_masked` must be \"uniform\", \"zero\", \"additive\" or null, not \"half\"");
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
            "x.json: no layer's configuration: neither a `class_name` nor the key `num_heads`, "
            "`num_query_heads` or `score_mode` is there");
  EXPECT_EQ(sentence(R"({"config": 3})"), "x.json: `config` is an object, not 3");
  EXPECT_EQ(sentence(R"({"num_heads": 2, "key_dim": 1e999})").find("x.json is not JSON: "), 0u);
  EXPECT_EQ(code(std::string("{\"num_heads\": \"\xff\"}")), StatusCode::invalid_file);
  EXPECT_EQ(code(std::string(200000, '[')), StatusCode::invalid_file);
  EXPECT_EQ(sentence(std::string(100000, '[') + std::string(100000, ']')),
            "x.json: nested more than 64 deep");
  EXPECT_EQ(sentence(std::string((16 << 20) + 1, ' ')),
            "x.json: 16777217 bytes are too many for a description of a layer (at most 16777216)");
}

TEST(ConfigJson, CutAndForgedFilesNeverCrash) {
  std::vector<std::string> texts;
  for (const char* name : {"/mha/output_shape_tuple.json", "/reuse/rel_pe_clip.json"}) {
    auto text = read_file(std::string(FIXTURES) + name, 1 << 20);
    ASSERT_TRUE(text.ok());
    texts.push_back(*text);
  }
  auto configs = read_file(FIXTURES "/common/configs.json", 1 << 20);
  ASSERT_TRUE(configs.ok());
  const json all = json::parse(*configs);
  for (const auto& [layer, forms] : all.items()) {
    if (forms.contains("serialized")) texts.push_back(forms["serialized"].dump());
  }
  EXPECT_EQ(texts.size(), 7u);
  std::mt19937 random(20261121);
  for (const std::string& text : texts) {
    ASSERT_TRUE(layer_from_json(text, "x.json").ok());
    for (size_t size = 0; size + 1 < text.size(); ++size) {
      EXPECT_FALSE(layer_from_json(text.substr(0, size), "x.json").ok()) << size;
    }
    for (int round = 0; round < 3000; ++round) {
      std::string forged = text;
      const bool whole = round % 2 == 0;  // random bytes, or characters that JSON consists of
      for (int n = 1 + round % 4; n-- > 0;)
        forged[random() % forged.size()] =
            whole ? static_cast<char>(random()) : "{}[]\",:-0123456789.nulltrefaseE"[random() % 31];
      auto layer = layer_from_json(forged, "x.json");
      if (!layer.ok()) {
        ASSERT_EQ(layer.status().message().find("x.json"), 0u);
        continue;
      }
      // Whatever is read is written unchanged.
      const json came = json::parse(forged);
      EXPECT_EQ(json(config_of(*layer)), came.contains("config") ? came["config"] : came);
    }
  }
}

}  // namespace
}  // namespace attnc
