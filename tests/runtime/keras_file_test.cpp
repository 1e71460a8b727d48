// Weights in files that Keras wrote, compared with what get_weights returned, and written again.
#include "attn/runtime/keras_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#define H5_USE_110_API
#include <hdf5.h>

#include <fstream>
#include <map>

#include "fake_layer.h"
#include "keras_file_tools.h"
#include "other_files.h"

namespace {

using attn::KerasFile;
using attn::KerasLayer;
using attn::NamedTensor;
using attn::StatusCode;
using keras_files::bits;
using keras_files::fixture;
using keras_files::message;

/// A file of tests/fixtures/keras_files, one of its layers, and the expected contents.
struct Case {
  const char* file;
  const char* layer;
  const char* expected;
  const char* class_name;
  const char* path;
  const char* name;
};
const Case cases[] = {
    {"mha.weights.h5", "", "mha", "MultiHeadAttention", "layers/multi_head_attention", "attn"},
    {"mha.keras", "", "mha", "MultiHeadAttention", "layers/multi_head_attention", "attn"},
    {"gqa.weights.h5", "", "gqa", "GroupQueryAttention", "layers/grouped_query_attention", "attn"},
    {"gqa.keras", "", "gqa", "GroupQueryAttention", "layers/grouped_query_attention", "attn"},
    {"cached_mha.weights.h5", "", "cached_mha", "CachedMultiHeadAttention",
     "layers/cached_multi_head_attention", "attn"},
    {"cached_mha.keras", "", "cached_mha", "CachedMultiHeadAttention",
     "layers/cached_multi_head_attention", "attn"},
    {"attention.weights.h5", "", "attention", "Attention", "layers/attention", "attn"},
    {"attention.keras", "", "attention", "Attention", "layers/attention", "attn"},
    {"reuse.weights.h5", "", "reuse", "ReuseMultiHeadAttention",
     "layers/reuse_multi_head_attention", ""},
    {"reuse.keras", "", "reuse", "ReuseMultiHeadAttention", "layers/reuse_multi_head_attention",
     ""},
    {"reuse.legacy.h5", "", "reuse", "ReuseMultiHeadAttention", "attn/attn", "attn"},
    {"gate.weights.h5", "", "gate", "MultiHeadAttention", "layers/multi_head_attention", "attn"},
    {"bfloat16.weights.h5", "", "bfloat16", "MultiHeadAttention", "layers/multi_head_attention",
     "attn"},
    {"lora.weights.h5", "", "lora", "MultiHeadAttention", "layers/multi_head_attention", "attn"},
    {"lora.keras", "", "lora", "MultiHeadAttention", "layers/multi_head_attention", "attn"},
    {"legacy.h5", "", "legacy", "", "model_weights/attn/attn", "attn"},
    {"subclass.weights.h5", "attn", "subclass", "", "attn", "multi_head_attention"},
};

class Files : public testing::TestWithParam<Case> {};

TEST_P(Files, EveryWeightIsTheOneExpected) {
  const Case& c = GetParam();
  auto file = KerasFile::open(fixture(c.file));
  ASSERT_TRUE(file.ok()) << file.status().message();
  auto layer = file->layer(c.layer);
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  EXPECT_EQ(layer->info().class_name, c.class_name);
  EXPECT_EQ(layer->info().path, c.path);
  EXPECT_EQ(layer->info().name, c.name);
  auto expected =
      attn::SafeTensors::open(fixture(std::string(c.expected) + ".expected.safetensors"));
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  size_t weights = 0;
  for (const std::string& name : expected->names()) {
    if (!name.starts_with("w/")) continue;
    ++weights;
    auto got = layer->find(name.substr(2));
    ASSERT_TRUE(got.ok()) << got.status().message();
    auto want = expected->find(name);
    EXPECT_EQ(got->describe(), want->describe()) << name;
    EXPECT_EQ(bits(*got), bits(*want)) << name;
  }
  EXPECT_EQ(layer->named().size(), weights);
  EXPECT_EQ(layer->info().weights.size(), weights);
}

TEST_P(Files, UpdatesOneLayerAndNothingElse) {
  const Case& c = GetParam();
  const std::string from = fixture(c.file), to = scratch(c.file);
  const KerasLayer layer = *KerasFile::open(from)->layer(c.layer);
  // With the same weights the file stays the same, except for the metadata of a zip archive.
  ASSERT_EQ(message(attn::update_keras_weights(from, to, c.layer, layer.named())), "");
  if (!from.ends_with(".keras")) {
    EXPECT_EQ(keras_files::read(to), keras_files::read(from));
  }
  EXPECT_EQ(std::filesystem::file_size(to), std::filesystem::file_size(from));

  const keras_files::Owned changed = keras_files::changed(layer.named());
  ASSERT_EQ(message(attn::update_keras_weights(to, to, c.layer, changed.tensors)), "");
  auto file = KerasFile::open(to);
  ASSERT_TRUE(file.ok()) << file.status().message();
  keras_files::expect_same(file->layer(c.layer)->named(), changed.tensors);
  auto original = KerasFile::open(from);
  for (const attn::KerasLayerInfo& info : original->layers()) {
    if (info.path == layer.info().path) continue;
    keras_files::expect_same(file->layer(info.path)->named(), original->layer(info.path)->named());
  }
  // Only the bytes of the weights differ, and the checksums of a zip archive.
  const std::string before = keras_files::read(from), after = keras_files::read(to);
  size_t different = 0, held = 0;
  for (size_t i = 0; i < std::min(before.size(), after.size()); ++i)
    different += before[i] != after[i];
  for (const NamedTensor& one : changed.tensors) held += bits(one.tensor).size();
  EXPECT_LE(different, held + (from.ends_with(".keras") ? 64 : 0));
  EXPECT_GT(different, 0u);
}

TEST_P(Files, WritesANewFile) {
  const Case& c = GetParam();
  const KerasLayer layer = *KerasFile::open(fixture(c.file))->layer(c.layer);
  const std::string path = scratch("new.weights.h5");
  const char* class_name = *c.class_name != '\0' ? c.class_name : "MultiHeadAttention";
  ASSERT_EQ(message(attn::save_keras_weights(path, class_name, layer.named())), "");
  auto file = KerasFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  auto again = file->layer();
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(again->info().class_name, class_name);
  keras_files::expect_same(again->named(), layer.named());
  // The same weights yield the same file.
  const std::string bytes = keras_files::read(path);
  ASSERT_EQ(message(attn::save_keras_weights(path, class_name, layer.named())), "");
  EXPECT_EQ(keras_files::read(path), bytes);
}

INSTANTIATE_TEST_SUITE_P(Keras, Files, testing::ValuesIn(cases), [](const auto& info) {
  std::string name = info.param.file;
  for (char& c : name) c = c == '.' ? '_' : c;
  return name;
});

// The example of runtime/README.md.
TEST(KerasFile, LoadsALayer) {
  const fake::Call call;
  const std::string path = scratch("fake.weights.h5");
  auto weights = call.weights();
  const keras_files::Owned others = keras_files::numbers(
      {{"key/bias", {3, 5}}, {"value/kernel", {7, 3, 5}}, {"attention_output/kernel", {3, 5, 8}}});
  weights.insert(weights.end(), others.tensors.begin(), others.tensors.end());
  ASSERT_EQ(message(attn::save_keras_weights(path, "MultiHeadAttention", weights)), "");

  attn::Result<attn::KerasFile> file = attn::KerasFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  attn::Result<attn::KerasLayer> layer_weights = file->layer("multi_head_attention");
  ASSERT_TRUE(layer_weights.ok()) << layer_weights.status().message();
  attn::Result<attn::AnyLayer> layer = attn::AnyLayer::load(fake::table, layer_weights->named());
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  EXPECT_EQ(layer->packed_bytes(), call.load().packed_bytes());
}

TEST(KerasFile, WeightsOfAnotherLayerAreTold) {
  auto weights = KerasFile::open(fixture("mha.keras"))->layer();
  ASSERT_TRUE(weights.ok());
  auto layer = attn::AnyLayer::load(fake::table, weights->named());
  ASSERT_FALSE(layer.ok());
  EXPECT_EQ(layer.status().code(), StatusCode::invalid_argument);
  EXPECT_NE(layer.status().message().find("query/kernel"), std::string::npos);
  EXPECT_NE(layer.status().message().find("[6, 2, 4]"), std::string::npos);
  auto none = KerasFile::open(fixture("attention.keras"))->layer();
  EXPECT_EQ(attn::AnyLayer::load(fake::table, none->named()).status().code(),
            StatusCode::not_found);
}

TEST(KerasFile, ChoosesALayer) {
  const std::string path = fixture("two_mha.weights.h5");
  auto file = KerasFile::open(path);
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(file->layers().size(), 2u);
  for (const char* which : {"layers/multi_head_attention_1", "/layers/multi_head_attention_1",
                            "multi_head_attention_1", "layers/multi_head_attention_1/"}) {
    auto layer = file->layer(which);
    ASSERT_TRUE(layer.ok()) << layer.status().message();
    EXPECT_EQ(layer->find("query/kernel")->describe(), "float32 [6, 3, 2]");
    EXPECT_EQ(layer->named().size(), 4u);  // no biases
  }
  EXPECT_EQ(file->layer("multi_head_attention")->find("query/kernel")->describe(),
            "float32 [6, 2, 4]");
  const std::string both =
      "`layers/multi_head_attention` (MultiHeadAttention, named `multi_head_attention`), "
      "`layers/multi_head_attention_1` (MultiHeadAttention, named `multi_head_attention_1`)";
  const attn::Status none = file->layer().status();
  EXPECT_EQ(none.code(), StatusCode::invalid_argument);
  EXPECT_EQ(none.message(),
            "`" + path + "`: a layer has to be chosen; name one of these by its path: " + both);
  const attn::Status unknown = file->layer("encoder").status();
  EXPECT_EQ(unknown.code(), StatusCode::not_found);
  EXPECT_EQ(unknown.message(),
            "`" + path + "`: there is no attention layer `encoder`; there is " + both);
  EXPECT_EQ(file->layer("multi_head_attention")->find("gate/kernel").status().message(),
            "layer `layers/multi_head_attention` has no weight `gate/kernel` among its 8");
}

TEST(KerasFile, AmbiguousNames) {
  const keras_files::Owned weights = keras_files::numbers({{"scale", {}}});
  const std::string path = scratch("ambiguous.weights.h5");
  const attn::KerasLayerWeights layers[] = {{"Attention", weights.tensors, "", "attn"},
                                            {"Attention", weights.tensors, "", "attn"},
                                            {"Attention", weights.tensors, "block/inner", "other"}};
  ASSERT_EQ(message(attn::save_keras_weights(path, layers)), "");
  auto file = KerasFile::open(path);
  ASSERT_TRUE(file.ok());
  // A group with another name may be an Attention, but only if the caller asks for it.
  EXPECT_EQ(file->layers().size(), 2u);
  EXPECT_TRUE(file->layer("other").ok());
  EXPECT_TRUE(file->layer("block/inner").ok());
  EXPECT_EQ(file->layer("attn").status().message(),
            "`" + path +
                "`: `attn` fits several layers; name one of these by its path: "
                "`layers/attention` (Attention, named `attn`), `layers/attention_1` (Attention, "
                "named `attn`)");
}

TEST(KerasFile, NamesThatTheFileCannotTell) {
  const keras_files::Owned weights = keras_files::numbers({{"concat_score_weight", {}}});
  const std::string path = scratch("concat.weights.h5");
  ASSERT_EQ(message(attn::save_keras_weights(path, "Attention", weights.tensors)), "");
  auto file = KerasFile::open(path);
  EXPECT_TRUE(file->layer()->find("scale").ok());
  EXPECT_TRUE(
      file->layer("", {.weights = {"concat_score_weight"}})->find("concat_score_weight").ok());
  EXPECT_EQ(file->layer("", {.weights = {"scale", "concat_score_weight"}}).status().message(),
            "`" + path + "`: `layers/attention` has 1 weights, expected 2");
}

TEST(KerasFile, ReuseOfAllHeadsOrNone) {
  const keras_files::Owned all = keras_files::numbers({{"value_reuse/kernel", {6, 2, 4}},
                                                       {"value_reuse/bias", {2, 4}},
                                                       {"attention_output_reuse/kernel", {2, 4, 6}},
                                                       {"attention_output_reuse/bias", {6}}});
  const keras_files::Owned none = keras_files::numbers({{"query/kernel", {6, 2, 4}},
                                                        {"key/kernel", {6, 2, 4}},
                                                        {"value_new/kernel", {6, 2, 4}},
                                                        {"attention_output_new/kernel", {2, 4, 6}},
                                                        {"attention_output_new/bias", {6}}});
  for (const keras_files::Owned* weights : {&all, &none}) {
    const std::string path = scratch("heads.weights.h5");
    ASSERT_EQ(message(attn::save_keras_weights(path, "ReuseMultiHeadAttention", weights->tensors)),
              "");
    auto layer = KerasFile::open(path)->layer();
    ASSERT_TRUE(layer.ok()) << layer.status().message();
    keras_files::expect_same(layer->named(), weights->tensors);
  }
}

TEST(KerasFile, Refuses) {
  const std::string folder = scratch_folder();
  EXPECT_EQ(KerasFile::open("/there/is/none.keras").status().code(), StatusCode::not_found);
  EXPECT_EQ(KerasFile::open(folder).status().message(), "`" + folder + "`: is no regular file");
  const std::string noise = scratch("noise.h5");
  keras_files::write(noise, std::string("\1\2\3\4abcdefgh"));
  EXPECT_EQ(KerasFile::open(noise).status().message(),
            "`" + noise +
                "`: is neither HDF5 (.weights.h5, .h5) nor a zip archive (.keras): it has "
                "12 bytes and begins with `????abcd`");
  const std::string zip = scratch("empty.zip");
  keras_files::write(zip, std::string("PK\3\4", 4) + std::string(60, '\0'));
  EXPECT_NE(KerasFile::open(zip).status().message().find("cannot be read as a zip archive"),
            std::string::npos);
}

TEST(KerasFile, SaysWhatAnotherFileIs) {
  const std::string path = scratch("other.keras");
  auto sentence = [&](const std::string& bytes) {
    keras_files::write(path, bytes);
    const attn::Status status = KerasFile::open(path).status();
    EXPECT_EQ(status.code(), StatusCode::invalid_file);
    EXPECT_EQ(attn::update_keras_weights(path, path, "", {}).message(), status.message());
    return status.message();
  };
  for (const other_files::Sample& sample : other_files::samples()) {
    EXPECT_EQ(sentence(sample.bytes), "`" + path + "`: " + sample.sentence);
  }
  EXPECT_EQ(sentence(keras_files::read(fixture("mha.expected.safetensors"))),
            "`" + path + "`: is a safetensors file: open it with attn::SafeTensors");
  std::filesystem::remove(path);
}

TEST(KerasFile, LoraBesideItsKernelIsRefused) {
  const std::string path = fixture("lora.legacy.h5");
  auto file = KerasFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_EQ(file->layers().size(), 1u);
  EXPECT_EQ(file->layer().status().code(), StatusCode::unsupported);
  EXPECT_EQ(file->layer().status().message(),
            "`" + path +
                "`: `model_weights/attn/attn/query/lora_kernel_a` is a LoRA beside "
                "query/kernel, not merged into it: load the weights in Keras and save them as "
                ".weights.h5 or .keras, which merges them");
}

TEST(KerasFile, QuantizedLayersAreRefused) {
  const std::string path = fixture("int8.weights.h5");
  const attn::Status status = KerasFile::open(path)->layer().status();
  EXPECT_EQ(status.code(), StatusCode::unsupported);
  EXPECT_EQ(
      status.message(),
      "`" + path +
          "`: `layers/multi_head_attention/query_dense/vars` holds more than a "
          "kernel and a bias, as quantized layers do, which are not read: save the model as it "
          "was before it was quantized");
}

TEST(KerasFile, WhatAShardMissesIsInAnother) {
  const std::string note =
      "; by its name the file is one shard of several: load its .weights.json in Keras and save "
      "the weights in one file";
  const std::string path = scratch("model_00001.weights.h5");
  keras_files::write(path, keras_files::read(fixture("two_mha.weights.h5")));
  auto file = KerasFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  const std::string other = file->layer("decoder").status().message();
  EXPECT_TRUE(other.ends_with(note)) << other;
  EXPECT_TRUE(file->layer(file->layers()[0].path).ok());
  // A layer may be split between shards: this one has no output projection.
  const hid_t cut = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  H5Ldelete(cut, "layers/multi_head_attention/output_dense", H5P_DEFAULT);
  H5Fclose(cut);
  EXPECT_EQ(KerasFile::open(path)->layer("layers/multi_head_attention").status().message(),
            "`" + path +
                "`: `layers/multi_head_attention/output_dense/vars/0`, the layer's "
                "attention_output/kernel, is missing" +
                note);
  std::filesystem::remove(path);
}

TEST(KerasFileSave, RefusesWhatDoesNotFit) {
  const std::string path = scratch("refused.weights.h5");
  const keras_files::Owned some = keras_files::numbers({{"query/kernel", {6, 2, 4}}});
  auto refused = [&](std::string_view class_name, std::span<const NamedTensor> weights) {
    const attn::Status status = attn::save_keras_weights(path, class_name, weights);
    EXPECT_EQ(status.code(), StatusCode::invalid_argument);
    EXPECT_FALSE(std::filesystem::exists(path));
    return status.message().substr(path.size() + 4);
  };
  EXPECT_EQ(refused("Dense", {}),
            "`Dense` is no class whose weights can be written: expected MultiHeadAttention, "
            "CachedMultiHeadAttention, GroupQueryAttention, Attention or ReuseMultiHeadAttention");
  EXPECT_EQ(refused("MultiHeadAttention", some.tensors),
            "MultiHeadAttention has no key/kernel, value/kernel, attention_output/kernel");
  EXPECT_EQ(refused("Attention", some.tensors),
            "Attention has no weight `query/kernel`; it has scale, concat_score_weight");
  const NamedTensor twice[] = {{"scale", some.tensors[0].tensor},
                               {"scale", some.tensors[0].tensor}};
  EXPECT_EQ(refused("Attention", twice), "Attention got `scale` twice");
  const int32_t number = 1;
  const NamedTensor integer[] = {{"scale", attn::Tensor(&number, attn::Shape{})}};
  EXPECT_EQ(refused("Attention", integer),
            "weight `scale` is int32; expected float16, bfloat16, float32 or float64");
}

TEST(KerasFileUpdate, RefusesWhatDoesNotFit) {
  const std::string from = fixture("attention.keras"), to = scratch("refused.keras");
  auto refused = [&](std::span<const NamedTensor> weights) {
    const attn::Status status = attn::update_keras_weights(from, to, "", weights);
    EXPECT_EQ(status.code(), StatusCode::invalid_argument);
    EXPECT_FALSE(std::filesystem::exists(to));
    return status.message().substr(from.size() + 4);
  };
  const keras_files::Owned one = keras_files::numbers({{"scale", {}}});
  EXPECT_EQ(
      refused(one.tensors),
      "layer `layers/attention` needs all of its weights; `concat_score_weight` is not given");
  const keras_files::Owned other = keras_files::numbers({{"kernel", {}}});
  EXPECT_EQ(refused(other.tensors),
            "layer `layers/attention` has no weight `kernel`; it has scale, concat_score_weight");
  const keras_files::Owned shape =
      keras_files::numbers({{"scale", {}}, {"concat_score_weight", {2}}});
  EXPECT_EQ(
      refused(shape.tensors),
      "weight `concat_score_weight` is float32 [] at `layers/attention/vars/1`; got float32 [2]");
}

// An existing file stays as it is, and no temporary file is left.
TEST(KerasFileSave, FailuresLoseNothing) {
  const KerasLayer layer = *KerasFile::open(fixture("mha.keras"))->layer();
  EXPECT_EQ(
      attn::save_keras_weights("/there/is/none.weights.h5", "MultiHeadAttention", layer.named())
          .message(),
      "`/there/is/none.weights.h5`: cannot be created: No such file or directory");

  const std::string folder = scratch("full");
  std::filesystem::create_directory(folder);
  for (const char* name : {"mha.weights.h5", "mha.keras"}) {
    const std::string path = folder + "/" + name, original = keras_files::read(fixture(name));
    keras_files::write(path, original);
    // Simulates a full disk: no file may grow beyond half the size of this one.
    rlimit old{};
    getrlimit(RLIMIT_FSIZE, &old);
    rlimit small = old;
    small.rlim_cur = original.size() / 2;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    const attn::Status saved = attn::save_keras_weights(path, "MultiHeadAttention", layer.named());
    const attn::Status updated = attn::update_keras_weights(path, path, "", layer.named());
    setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, handler);
    EXPECT_NE(saved.message().find("cannot be written: File too large"), std::string::npos);
    EXPECT_NE(updated.message().find("cannot be written: File too large"), std::string::npos);
    EXPECT_EQ(keras_files::read(path), original);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 2);
}

}  // namespace
