// keras_files_test.cpp - compiled layers with weights from files that Keras wrote return what Keras
// returned; and the errors for files with other shapes.
#include <gtest/gtest.h>

#include <cmath>

#include "attn/runtime/keras_file.h"
#include "files_layers/attention.attn.h"
#include "files_layers/cached_mha.attn.h"
#include "files_layers/gqa.attn.h"
#include "files_layers/mha.attn.h"
#include "files_layers/reuse.attn.h"

namespace {

struct Recorded {
  const char* name;  // of the file of expected values
  const char* file;
  const attn_layer_table* table;
};
const Recorded recorded[] = {
    {"mha", "mha.weights.h5", &attn::Binding<files::mha>::table()},
    {"mha", "mha.keras", &attn::Binding<files::mha>::table()},
    {"gqa", "gqa.weights.h5", &attn::Binding<files::gqa>::table()},
    {"gqa", "gqa.keras", &attn::Binding<files::gqa>::table()},
    {"cached_mha", "cached_mha.weights.h5", &attn::Binding<files::cached_mha>::table()},
    {"cached_mha", "cached_mha.keras", &attn::Binding<files::cached_mha>::table()},
    {"reuse", "reuse.weights.h5", &attn::Binding<files::reuse>::table()},
    {"reuse", "reuse.keras", &attn::Binding<files::reuse>::table()},
    {"reuse", "reuse.legacy.h5", &attn::Binding<files::reuse>::table()},
    {"attention", "attention.weights.h5", &attn::Binding<files::attention>::table()},
    {"attention", "attention.keras", &attn::Binding<files::attention>::table()},
};

TEST(KerasFiles, GiveLayersTheirWeightsAndTheLayersWhatKerasGave) {
  for (const Recorded& one : recorded) {
    const std::string folder = FIXTURES "/";
    auto file = attn::KerasFile::open(folder + one.file);
    ASSERT_TRUE(file.ok()) << file.status().message();
    auto weights = file->layer();
    ASSERT_TRUE(weights.ok()) << weights.status().message();
    auto layer = attn::AnyLayer::load(*one.table, weights->named());
    ASSERT_TRUE(layer.ok()) << one.file << ": " << layer.status().message();
    auto expected = attn::SafeTensors::open(folder + one.name + ".expected.safetensors");
    ASSERT_TRUE(expected.ok()) << expected.status().message();
    std::vector<attn::NamedTensor> inputs;
    for (const char* name : {"query", "value", "reuse_attention_scores"}) {
      auto tensor = expected->find(std::string("in/") + name);
      if (tensor.ok()) inputs.push_back({name, *tensor});
    }
    const auto want = expected->find("out/output");
    ASSERT_TRUE(want.ok());
    std::vector<float> y(static_cast<size_t>(want->shape().elements()), NAN);
    attn::Workspace scratch;
    const attn::NamedMutableTensor output{"output", {y, want->shape()}};
    const attn::Status s =
        layer->run(std::span<const attn::NamedTensor>(inputs), {&output, 1}, scratch);
    ASSERT_TRUE(s.ok()) << one.file << ": " << s.message();
    const auto* w = static_cast<const float*>(want->data());
    for (size_t i = 0; i < y.size(); ++i)
      ASSERT_NEAR(y[i], w[i], 2e-5 + 1e-4 * std::abs(w[i])) << one.file << " at " << i;
  }
}

TEST(KerasFiles, OfOtherShapesAreNamedWithTheTensorAndBothShapes) {
  auto file = attn::KerasFile::open(FIXTURES "/gqa.keras");
  ASSERT_TRUE(file.ok());
  auto weights = file->layer();
  ASSERT_TRUE(weights.ok());
  const auto layer = attn::Layer<files::mha>::load(weights->named());
  ASSERT_FALSE(layer.ok());
  EXPECT_EQ(layer.status().message(),
            "layer `files::mha`: weight `query/kernel` has length 4 on axis 1 (head), expected 2, "
            "which the layer was built for; got float32 [6, 4, 4]");
}

}  // namespace
