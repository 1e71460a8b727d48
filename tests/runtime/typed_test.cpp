// The typed handle, with a binding as attnc writes it for a layer from JSON: the description is
// only a name.
#include "attn/runtime/typed.h"

#include <gtest/gtest.h>

#include <limits>

#include "../common/scratch.h"
#include "fake_layer.h"

namespace model {
extern const attn::Description fake_layer;
}

template <>
struct attn::Binding<model::fake_layer> {
  struct Weights {
    attn::Tensor query_kernel{};
    attn::Tensor query_bias{};
    attn::Tensor key_kernel{};
  };
  struct Inputs {
    attn::Tensor query{};
    attn::Tensor value{};
    attn::Tensor key{};
    attn::Tensor attention_mask{};
    bool use_causal_mask = false;
  };
  struct Outputs {
    attn::MutableTensor output{};
    attn::MutableTensor attention_scores{};
  };
  static const attn_layer_table& table() { return fake::table; }
  static std::array<attn::Tensor, 3> list(const Weights& w) {
    return {w.query_kernel, w.query_bias, w.key_kernel};
  }
  static std::array<attn::Tensor, 5> list(const Inputs& i) {
    return {i.query, i.value, i.key, i.attention_mask, attn::Tensor::flag(i.use_causal_mask)};
  }
  static std::array<attn::MutableTensor, 2> list(const Outputs& o) {
    return {o.output, o.attention_scores};
  }
};

namespace {

using Layer = attn::Layer<model::fake_layer>;

attn::Result<Layer> load(const fake::Call& call) {
  const auto weights = call.weights();
  return Layer::load({.query_kernel = weights[0].tensor,
                      .query_bias = weights[1].tensor,
                      .key_kernel = weights[2].tensor},
                     {.target = "plain"});
}

TEST(Typed, LoadsAndRuns) {
  fake::Call call;
  auto layer = load(call);
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  attn::Workspace scratch;
  ASSERT_TRUE(layer
                  ->run({.query = call.q(), .value = call.v(), .use_causal_mask = true},
                        {.output = call.o()}, scratch)
                  .ok());
  EXPECT_EQ(call.output, fake::reference(call, false, true, {}).output);
  ASSERT_TRUE(layer
                  ->run({.query = call.q(), .value = call.v(), .key = call.k()},
                        {.output = call.o(), .attention_scores = call.s()}, scratch,
                        {.executor = &attn::serial_executor()})
                  .ok());
  EXPECT_EQ(call.scores, fake::reference(call, true, false, {}).scores);
  EXPECT_EQ(layer->any().target(), "plain");
  EXPECT_TRUE(
      layer->workspace_bytes({.query = call.q(), .value = call.v()}, {.output = call.o()}, 2).ok());
}

TEST(Typed, RefusesNumbersThatAreNoTruths) {
  fake::Call call;
  auto layer = load(call);
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  attn::Workspace scratch;
  const std::vector<float> mask{0, 0, 0, 0, 0, std::numeric_limits<float>::lowest()};
  const attn::Status s =
      layer->run({.query = call.q(), .value = call.v(), .attention_mask = {mask, {1, 6}}},
                 {.output = call.o()}, scratch);
  EXPECT_EQ(s.code(), attn::StatusCode::invalid_argument);
  EXPECT_NE(s.message().find("`attention_mask` holds -3.4028235e+38 (float32)"), std::string::npos)
      << s.message();
}

TEST(Typed, LoadsFromAFile) {
  fake::Call call;
  std::vector<attn::NamedTensor> weights = call.weights();
  std::vector<std::string> names;
  for (const auto& w : weights) names.push_back("w/" + std::string(w.name));
  for (size_t i = 0; i < names.size(); ++i) weights[i].name = names[i];
  const std::string path = scratch("typed_weights.safetensors");
  ASSERT_TRUE(attn::save_safetensors(path, std::span<const attn::NamedTensor>(weights)).ok());
  auto file = attn::SafeTensors::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_TRUE(Layer::load(*file, {.prefix = "w/"}).ok());
  EXPECT_EQ(Layer::load(*file).status().message(),
            "layer `model::fake`: weight `query/kernel` is missing: `" + path +
                "`: there is no tensor `query/kernel` among its 3");
  std::remove(path.c_str());
}

TEST(Typed, AWeightLeftOutIsAStatus) {
  fake::Call call;
  EXPECT_EQ(Layer::load({.query_kernel = call.weights()[0].tensor}).status().message(),
            "layer `model::fake`: weight `query/bias` is missing: no tensor was given for it");
}

}  // namespace
