// Configurations from the field: from tf_keras, from Keras 3 with objects for types, from
// subclasses, from whole models.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "import/config_json.h"
#include "import/read_file.h"

namespace attnc {
namespace {

using attn::StatusCode;
using json = nlohmann::json;

const json& configs() {
  static const json all = json::parse(*read_file(FIELD_CONFIGS, 1 << 20));
  return all;
}
/// The layer as C++ source, or the error.
std::string read(const json& document) {
  auto layer = layer_from_json(document, "x.json");
  return layer.ok() ? as_source(layer->config) : layer.status().message();
}
json with(const char* key, const json& value) {
  return {{"num_heads", 2}, {"key_dim", 8}, {key, value}};
}

const std::string begin = "attn::MultiHeadAttention{.num_heads = 2, .key_dim = 8, .value_dim = 8";
const std::string additive = ", .fully_masked = attn::FullyMasked::additive}";

/// Files that are read, with the layers that they mean.
const std::map<std::string, std::string> meanings = {
    {"k3_full", begin + ", .attention_axes = {1}}"},
    {"tf24_lists", begin + ", .attention_axes = {1}" + additive},
    {"tf_tensorshape", begin + ", .attention_axes = {1}" + additive},
    {"tf_tuples", begin + ", .attention_axes = {1}" + additive},
    {"tf_wrapped_k2", begin + ", .attention_axes = {1}" + additive},
    {"tf_keras_real", begin + ", .attention_axes = {1}" + additive},
    {"tf_policy", begin + ", .attention_axes = {1}, .dtype = attn::DTypePolicy::mixed_float16}"},
    {"batch_input_shape", begin + ", .attention_axes = {1}}"},
    {"weights_key", begin + ", .attention_axes = {1}}"},
    {"k3_autocast", begin + ", .attention_axes = {1}}"},
    {"policy_map_trivial",
     begin + ", .attention_axes = {1}, .dtype = attn::DTypePolicy::bfloat16}"},
    {"gate_window", begin + ", .attention_axes = {1}, .sliding_window = 3, .use_gate = true}"},
    {"attention_k2_causal", "attn::Attention{.use_scale = true, .causal = true, .size = 16}"},
    {"attention_k2_old", "attn::Attention{.size = 16}"},
    {"gqa_k3",
     "attn::GroupQueryAttention{.head_dim = 16, .num_query_heads = 14, .num_key_value_heads = 2, "
     ".dtype = attn::DTypePolicy::bfloat16}"},
    {"keras_nlp_cached",
     "attn::CachedMultiHeadAttention{.num_heads = 2, .key_dim = 8, .value_dim = 8, "
     ".attention_axes = {1}}"},
};
/// What the errors for the other files must mention.
const std::map<std::string, std::vector<std::string>> refusals = {
    {"policy_map", {"`dtype` is a DTypePolicyMap", "\"attn/query\""}},
    {"quantized", {"QuantizedDTypePolicy"}},
    {"custom_registered", {"\"My>MyAttention\"", "dsl/README.md"}},
    {"subclass_registered", {"\"my>MultiHeadAttention\"", "not the MultiHeadAttention of keras"}},
    {"whole_model",
     {"a whole model (\"Functional\", 2 layers)",
      "\"attn\" (MultiHeadAttention, at .config.layers[1])"}},
    {"additive", {"\"AdditiveAttention\" is not supported"}},
    {"efmls_tfm", {"\"official>MultiHeadAttention\""}},
    {"tfa", {"\"Addons>MultiHeadAttention\""}},
    {"key_dim_float", {"`key_dim` must be a whole number, not 8.0"}},
    {"dropout_null", {"`dropout` must be a number, not null"}},
};

TEST(FieldConfigs, AreReadWithoutLossOrRefusedByTheirMeaning) {
  for (const auto& [name, document] : configs().items()) {
    auto layer = layer_from_json(document, "x.json");
    if (const auto wanted = meanings.find(name); wanted != meanings.end()) {
      ASSERT_TRUE(layer.ok()) << name << ": " << layer.status().message();
      EXPECT_EQ(as_source(layer->config), wanted->second) << name;
      EXPECT_EQ(json(to_json(*layer)), document) << name;
      continue;
    }
    ASSERT_TRUE(refusals.contains(name)) << name;
    ASSERT_FALSE(layer.ok()) << name;
    for (const std::string& part : refusals.at(name)) {
      EXPECT_NE(layer.status().message().find(part), std::string::npos)
          << name << ": " << layer.status().message();
    }
  }
  EXPECT_EQ(configs().size(), meanings.size() + refusals.size());
}

/// tf_keras adds -1e9 to masked scores, or replaces them by it.
TEST(FieldConfigs, RowsWithoutKeysAreAsInTfKeras) {
  const std::string two = "attn::MultiHeadAttention{.num_heads = 2, .key_dim = 8";
  EXPECT_EQ(read(with("softmax_robust_masking", false)), two + additive);
  EXPECT_EQ(read(with("softmax_robust_masking", true)),
            two + ", .fully_masked = attn::FullyMasked::uniform}");
  EXPECT_EQ(read(with("query_shape", nullptr)), two + additive);
  json own = with("softmax_robust_masking", true);
  own["fully_masked"] = "zero";
  EXPECT_EQ(read(own), two + ", .fully_masked = attn::FullyMasked::zero}");
  own["fully_masked"] = nullptr;  // from Keras 3
  EXPECT_EQ(read(own), two + "}");
}

TEST(FieldConfigs, ShapesGiveTheNumberOfAxes) {
  const std::string rank4 =
      "attn::MultiHeadAttention{.num_heads = 2, .key_dim = 8, .input_rank = 4";
  const json four = {nullptr, 3, 4, 16};
  for (const json& shape : {four, json{{"class_name", "TensorShape"}, {"items", four}},
                            json{{"class_name", "__tuple__"}, {"items", four}}}) {
    EXPECT_EQ(read(with("query_shape", shape)), rank4 + additive);
    EXPECT_EQ(read(with("batch_input_shape", shape)), rank4 + "}");
    json built = {{"class_name", "MultiHeadAttention"},
                  {"config", {{"num_heads", 2}, {"key_dim", 8}}},
                  {"build_config", {{"input_shape", shape}}}};
    EXPECT_EQ(read(built), rank4 + "}");
  }
  EXPECT_EQ(read(with("query_shape", {{"class_name", "TensorShape"}, {"items", nullptr}})),
            "attn::MultiHeadAttention{.num_heads = 2, .key_dim = 8" + additive);
  EXPECT_EQ(read(with("query_shape", {16})),
            "x.json: MultiHeadAttention takes inputs with 3 to 6 axes, and the query has 1");
  json apart = with("query_shape", four);
  apart["value_shape"] = {nullptr, 4, 16};
  EXPECT_EQ(read(apart), "x.json: the query has 4 axes and the value 3");
}

TEST(FieldConfigs, ArgumentsOfEveryLayer) {
  EXPECT_EQ(read(with("autocast", false)),
            "attn::MultiHeadAttention{.num_heads = 2, .key_dim = 8}");
  json mixed = with("autocast", false);
  mixed["dtype"] = "mixed_bfloat16";
  EXPECT_EQ(read(mixed),
            "x.json: `autocast` = false with a mixed policy is not supported: give the policy of "
            "the type that the layer computes with as `dtype`");
  EXPECT_EQ(read(with("weights", {1, 2})),
            "x.json: `weights` of a configuration are not read, and it has [1,2]: write null, and "
            "give them when the layer is loaded");
  for (const char* key : {"autocast", "weights", "query_shape"}) {
    json document = {
        {"class_name", "DotProductAttention"},
        {"config",
         {{"head_dim", 4}, {"num_query_heads", 2}, {"num_key_value_heads", 2}, {key, nullptr}}}};
    EXPECT_EQ(read(document), fmt::format("x.json: DotProductAttention has no key `{}`", key));
  }
}

TEST(FieldConfigs, MapsOfPoliciesThatAreOne) {
  auto map = [](const json& by_default, const json& entries) {
    return with("dtype", {{"class_name", "DTypePolicyMap"},
                          {"config", {{"default_policy", by_default}, {"policy_map", entries}}}});
  };
  const std::string two = "attn::MultiHeadAttention{.num_heads = 2, .key_dim = 8";
  EXPECT_EQ(read(map("float64", {{"a/query", "float64"}})),
            two + ", .dtype = attn::DTypePolicy::float64}");
  EXPECT_EQ(read(map(nullptr, nullptr)), two + "}");
  for (const json& bad : {json("float16"), json(3), json::array(), json::object()}) {
    EXPECT_EQ(read(map("float32", {{"a/query", bad}}))
                  .find("x.json: `dtype` is a DTypePolicyMap with a policy of its own for "
                        "\"a/query\""),
              0u);
  }
  EXPECT_EQ(read(map("float32", 3)),
            "x.json: `dtype`: the `policy_map` of a DTypePolicyMap must be an object, not 3");
}

TEST(FieldConfigs, ModelsListTheirLayers) {
  const json mha = {{"class_name", "MultiHeadAttention"},
                    {"config", {{"name", "a b"}, {"num_heads", 2}, {"key_dim", 8}}}};
  json model = {{"class_name", "Sequential"},
                {"config", {{{"class_name", "Dense"}, {"config", json::object()}}, mha}}};
  EXPECT_EQ(read(model),
            "x.json: a whole model (\"Sequential\", 2 layers), and one layer is wanted: copy the "
            "object of one into a file of its own; there is \"a b\" (MultiHeadAttention, at "
            ".config[1])");
  model["config"].erase(1);
  EXPECT_EQ(read(model).find("x.json: a whole model (\"Sequential\", 1 layer), none of which is of "
                             "MultiHeadAttention, "),
            0u);
  // get_config() of a model that contains a model and a wrapper.
  const json nested = {{"name", "m"},
                       {"layers",
                        {{{"class_name", "Functional"}, {"config", {{"layers", {mha, mha}}}}},
                         {{"class_name", "TimeDistributed"}, {"config", {{"layer", mha}}}}}}};
  const std::string sentence = read(nested);
  for (const char* place : {"at .layers[0].config.layers[1])", "at .layers[1].config.layer)"}) {
    EXPECT_NE(sentence.find(place), std::string::npos) << sentence;
  }
  json many = {{"class_name", "Functional"}, {"config", {{"layers", json::array()}}}};
  for (int i = 0; i < 40; ++i) many["config"]["layers"].push_back(mha);
  EXPECT_NE(read(many).find(" and 24 more"), std::string::npos);
}

/// Every new key with every kind of value is read and written unchanged, or refused with one
/// sentence.
TEST(FieldConfigs, ForgedValuesNeverCrash) {
  const json values[] = {nullptr,
                         true,
                         false,
                         0,
                         -1,
                         -7,
                         3,
                         2.5,
                         1e300,
                         18446744073709551615u,
                         "",
                         "x",
                         json::array(),
                         {nullptr},
                         {1, "x"},
                         {1, 2.5},
                         {-9, 3, 4},
                         {18446744073709551615u, 2, 3},
                         json::object(),
                         {{"class_name", "__tuple__"}},
                         {{"class_name", "__tuple__"}, {"items", 3}},
                         {{"class_name", 3}, {"items", {1}}},
                         {{"class_name", "TensorShape"}, {"items", nullptr}},
                         {{"class_name", "TensorShape"}, {"items", {{{"items", {1}}}}}},
                         {{"class_name", "DTypePolicyMap"}},
                         {{"class_name", "DTypePolicyMap"}, {"config", {{"policy_map", {1}}}}}};
  auto check = [](const json& document) {
    auto layer = layer_from_json(document, "x.json");
    if (layer.ok()) {
      EXPECT_EQ(json(to_json(*layer)), document);
    } else {
      EXPECT_EQ(layer.status().message().find("x.json"), 0u);
      EXPECT_EQ(layer.status().message().find('\n'), std::string::npos);
    }
  };
  for (const char* key : {"query_shape", "key_shape", "value_shape", "softmax_robust_masking",
                          "autocast", "weights", "batch_input_shape", "attention_axes", "dtype"}) {
    for (const json& value : values) check(with(key, value));
  }
  for (const json& value : values) {
    check({{"use_scale", true}, {"size", 4}, {"causal", value}});
    check({{"class_name", value}, {"config", with("module", value)}, {"registered_name", value}});
    check({{"class_name", "Functional"}, {"config", value}});
    check({{"class_name", "Functional"}, {"config", {{"layers", value}}}});
    check({{"class_name", "MultiHeadAttention"},
           {"config", with("seed", 1)},
           {"module", value},
           {"build_config", value}});
  }
  std::mt19937 random(20261127);
  for (const auto& [name, document] : configs().items()) {
    const std::string text = document.dump();
    for (int round = 0; round < 300; ++round) {
      std::string forged = text;
      for (int n = 1 + round % 4; n-- > 0;)
        forged[random() % forged.size()] = "{}[]\",:-0123456789.nulltrefaseE"[random() % 31];
      auto layer = layer_from_json(forged, "x.json");
      if (!layer.ok()) {
        ASSERT_EQ(layer.status().message().find("x.json"), 0u);
      } else {
        EXPECT_EQ(json(to_json(*layer)), json::parse(forged));
      }
    }
  }
}

}  // namespace
}  // namespace attnc
