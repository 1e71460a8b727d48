// Loading: variants, weights, and all errors.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "../common/scratch.h"
#include "fake_layer.h"

namespace {

using attn::AnyLayer;
using attn::NamedTensor;
using attn::StatusCode;
using attn::Tensor;
using fake::Call;

std::string message(const attn::Result<AnyLayer>& layer, StatusCode code) {
  EXPECT_FALSE(layer.ok());
  EXPECT_EQ(layer.status().code(), code);
  return layer.status().message();
}

TEST(LayerLoad, ChoosesTheFirstVariantThatRuns) {
  Call call;
  EXPECT_EQ(call.load().target(), "plain");
  EXPECT_EQ(call.load({.target = "greedy"}).target(), "greedy");
}

TEST(LayerLoad, TellsAboutItself) {
  Call call;
  const AnyLayer layer = call.load();
  EXPECT_EQ(layer.name(), "model::fake");
  EXPECT_EQ(layer.library(), "test_layers");
  EXPECT_EQ(layer.fingerprint(), 0x1122334455667788u);
  EXPECT_EQ(layer.inputs().size(), 5u);
  EXPECT_STREQ(layer.weights()[1].name, "query/bias");
  EXPECT_EQ(layer.outputs().size(), 2u);
  // 8 rows of 3 heads, each padded to 8 columns, and a bias with as many columns: 192 and 24
  // floats, each rounded up to 128 bytes.
  EXPECT_EQ(layer.packed_bytes(), 768u + 128u);
}

TEST(LayerLoad, WeightsMayBeFreedAfterwards) {
  attn::Workspace scratch;
  Call call;
  const float first = call.query_kernel[0];
  const AnyLayer layer = call.load();
  std::fill(call.query_kernel.begin(), call.query_kernel.end(), 99.0f);
  ASSERT_TRUE(
      layer.run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}}, scratch).ok());
  call.query_kernel[0] = first;
  EXPECT_EQ(call.output, fake::reference(call, false, false, {}).output);
}

TEST(LayerLoad, WeightsInOrderOrByPrefixedName) {
  Call call;
  std::vector<Tensor> ordered;
  std::vector<std::string> names;
  for (const NamedTensor& w : call.weights()) {
    ordered.push_back(w.tensor);
    names.push_back("layer0/" + std::string(w.name));
  }
  EXPECT_TRUE(AnyLayer::load(fake::table, std::span<const Tensor>(ordered)).ok());
  EXPECT_TRUE(
      AnyLayer::load(
          fake::table,
          {{names[0], ordered[0]}, {"another", {}}, {names[1], ordered[1]}, {names[2], ordered[2]}},
          {.prefix = "layer0/"})
          .ok());
  EXPECT_EQ(message(AnyLayer::load(fake::table, std::span<const Tensor>(ordered).first(2)),
                    StatusCode::invalid_argument),
            "layer `model::fake`: got 2 weights, expected 3: `query/kernel`, `query/bias`, "
            "`key/kernel`");
  ordered[1] = Tensor();
  EXPECT_EQ(
      message(AnyLayer::load(fake::table, std::span<const Tensor>(ordered)), StatusCode::not_found),
      "layer `model::fake`: weight `query/bias` is missing: no tensor was given for it");
}

TEST(LayerLoad, WeightsOfEveryFloatingType) {
  Call call;
  std::vector<double> kernel(call.query_kernel.begin(), call.query_kernel.end());
  std::vector<uint16_t> bias(call.query_bias.size(), 0x3f80);
  std::vector<NamedTensor> weights = call.weights();
  weights[0].tensor = {kernel, weights[0].tensor.shape()};
  weights[1].tensor = {bias.data(), attn::DType::bfloat16, weights[1].tensor.shape()};
  const auto layer = AnyLayer::load(fake::table, std::span<const NamedTensor>(weights));
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  attn::Workspace scratch;
  ASSERT_TRUE(
      layer->run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}}, scratch).ok());
  EXPECT_EQ(call.output, fake::reference(call, false, false, {}).output);
  // Kernels that compute in double need twice as many bytes.
  const attn_layer_table wide = fake::changed([](auto& t) { t.compute_dtype = ATTN_FLOAT64; });
  const auto doubles = AnyLayer::load(wide, std::span<const NamedTensor>(weights));
  ASSERT_TRUE(doubles.ok()) << doubles.status().message();
  EXPECT_EQ(doubles->packed_bytes(), 8u * 192 + 256);
}

TEST(LayerLoad, Targets) {
  Call call;
  std::vector<NamedTensor> weights = call.weights();
  const std::span<const NamedTensor> named(weights);
  EXPECT_EQ(
      message(AnyLayer::load(fake::table, named, {.target = "future"}), StatusCode::unsupported),
      "layer `model::fake`: target `future` needs bit 40, which this CPU does not have");
  EXPECT_EQ(
      message(AnyLayer::load(fake::table, named, {.target = "avx1024"}), StatusCode::unsupported),
      "layer `model::fake`: there is no target `avx1024`, only `future`, `plain`, `greedy`, "
      "`failing`");
  const attn_layer_table table = fake::changed([](attn_layer_table& t) { t.variant_count = 1; });
  EXPECT_EQ(
      message(AnyLayer::load(table, named), StatusCode::unsupported),
      "layer `model::fake`: this CPU runs none of its targets, `future`: build the library for "
      "baseline too");
}

class LoadWeights : public ::testing::Test {
 protected:
  Call call;
  std::vector<NamedTensor> weights = call.weights();
  std::vector<float> big = std::vector<float>(4096);

  std::string with(size_t index, const Tensor& tensor,
                   StatusCode code = StatusCode::invalid_argument) {
    std::vector<NamedTensor> changed = weights;
    changed[index].tensor = tensor;
    return message(AnyLayer::load(fake::table, std::span<const NamedTensor>(changed)), code);
  }
};

/// Keras's `layer.weights` of a projection with LoRA: the kernel is not the merged one.
TEST_F(LoadWeights, LoraBesideAKernelIsRefused) {
  const std::string sentence =
      "weight `query/kernel`: `query/lora_kernel_a` stands beside it: LoRA is not merged into this "
      "kernel, so give the merged one (in Keras, the `kernel` of the layer) and leave "
      "`query/lora_kernel_a` out";
  weights.push_back({"query/lora_kernel_a", {big, {8, 3, 2}}});
  EXPECT_EQ(message(AnyLayer::load(fake::table, std::span<const NamedTensor>(weights)),
                    StatusCode::unsupported),
            "layer `model::fake`: " + sentence);
  const std::string path = scratch("lora.safetensors");
  ASSERT_TRUE(attn::save_safetensors(path, weights).ok());
  EXPECT_EQ(
      message(AnyLayer::load(fake::table, *attn::SafeTensors::open(path)), StatusCode::unsupported),
      "layer `model::fake`: " + sentence);
  std::remove(path.c_str());
  // A LoRA of another layer does not matter.
  weights.back().name = "other/query/lora_kernel_a";
  EXPECT_TRUE(AnyLayer::load(fake::table, std::span<const NamedTensor>(weights)).ok());
}

/// A weight whose type tensors do not have exists; it is not reported as missing.
TEST_F(LoadWeights, TypesThatAreNotRead) {
  const std::string path = scratch("float8.safetensors");
  const std::string header =
      R"({"query/kernel":{"dtype":"F8_E4M3","shape":[8,3,5],"data_offsets":[0,120]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  std::ofstream(path, std::ios::binary) << bytes + header + std::string(120, '\0');
  EXPECT_EQ(
      message(AnyLayer::load(fake::table, *attn::SafeTensors::open(path)), StatusCode::unsupported),
      "layer `model::fake`: weight `query/kernel`: `" + path +
          "`: tensor `query/kernel` has dtype F8_E4M3, which this runtime does not read");
  std::remove(path.c_str());
}

TEST_F(LoadWeights, Checks) {
  EXPECT_EQ(
      with(0, Tensor(), StatusCode::not_found),
      "layer `model::fake`: weight `query/kernel` is missing: there is no tensor `query/kernel` "
      "among the 3 given");
  EXPECT_EQ(with(0, {big, {8, 15}}),
            "layer `model::fake`: weight `query/kernel` has 2 axes, expected 3: [feature, head 3, "
            "size 5]; got float32 [8, 15]");
  EXPECT_EQ(with(0, {big.data(), attn::DType::int32, {8, 3, 5}}),
            "layer `model::fake`: weight `query/kernel` has type int32, expected float32, float64, "
            "float16 or bfloat16; got int32 [8, 3, 5]");
  EXPECT_EQ(with(0, {big, {8, 4, 5}}),
            "layer `model::fake`: weight `query/kernel` has length 4 on axis 1 (head), expected 3, "
            "which the layer was built for; got float32 [8, 4, 5]");
  EXPECT_EQ(with(1, {big, {3, 6}}),
            "layer `model::fake`: weight `query/bias` has length 6 on axis 1 (size), expected 5, "
            "which the layer was built for; got float32 [3, 6]");
  EXPECT_EQ(
      with(1, {static_cast<const float*>(nullptr), {3, 5}}),
      "layer `model::fake`: weight `query/bias` has no memory: its pointer is null; got float32 "
      "[3, 5]");
  EXPECT_EQ(
      with(1, {std::span(big).first(14), {3, 5}}),
      "layer `model::fake`: weight `query/bias` reaches element 14 of memory that holds 14; got "
      "float32 [3, 5]");
}

}  // namespace
