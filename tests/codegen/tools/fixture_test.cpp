// Fixtures: what is read, what is skipped, what is damaged; and the comparison.
#include "tools/fixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <random>

#include "import/section.h"
#include "tools/children.h"

namespace attnc {
namespace {

Result<Fixture> read(const std::string& text) {
  auto folder = TemporaryFolder::make();
  const std::string file = folder->path() + "/f.json";
  std::ofstream(file) << text;
  auto fixture = read_fixture(file);
  if (fixture.ok()) return fixture;
  return Status(fixture.status().code(), fixture.status().message().substr(folder->path().size()));
}

std::string with_call(const std::string& call) {
  return R"({"format": "attn-fixture-1", "layer": "MultiHeadAttention", "config": {"num_heads": 1, "key_dim": 1},
             "tolerance": {"atol": 1e-5, "rtol": 0}, "calls": [)" +
         call + "]}";
}

TEST(Fixture, ReadsCalls) {
  auto f = read_fixture(FIXTURES "/mha/causal_cross_mask.json");
  ASSERT_TRUE(f.ok()) << f.status().message();
  EXPECT_EQ(f->name, "mha/causal_cross_mask");
  EXPECT_EQ(f->skipped, "");
  ASSERT_EQ(f->calls.size(), 3u);
  EXPECT_EQ(f->calls[0].inputs.size(), 3u);
  EXPECT_EQ(f->calls[0].flags, std::vector<std::string>{"use_causal_mask"});
  EXPECT_EQ(f->calls[2].outputs.size(), 2u);
  EXPECT_EQ(f->calls[2].outputs[1].first, "attention_scores");
  EXPECT_EQ(f->atol, 2e-5);
}

TEST(Fixture, OtherJsonIsNone) {
  for (const char* text : {"{}", "[1]", "3", R"({"format": "something"})", R"({"format": 3})"}) {
    auto f = read(text);
    ASSERT_TRUE(f.ok()) << f.status().message();
    EXPECT_FALSE(f->is_fixture);
  }
}

TEST(Fixture, SkipsWithAReason) {
  auto reason = [](const std::string& text) {
    auto f = read(text);
    return f.ok() ? f->skipped : "damaged: " + f.status().message();
  };
  EXPECT_EQ(reason(R"({"format": "attn-fixture-9"})"),
            "format attn-fixture-9; attn-fixture-1 is supported");
  EXPECT_EQ(reason(R"({"format": "attn-fixture-1", "layer": "Attention", "config": {}})"),
            "layer \"Attention\" is not supported yet; MultiHeadAttention, GroupQueryAttention and "
            "DotProductAttention are");
  EXPECT_EQ(
      reason(with_call(
          R"({"args": {"query": "q", "value": "v", "key_mask": "m"}, "outputs": {"output": "o"}})")),
      "the argument key_mask is not supported yet");
  EXPECT_EQ(reason(with_call(
                R"({"args": {}, "kwargs": {"training": true}, "outputs": {"output": "o"}})")),
            "the argument training = true is not supported yet");
  EXPECT_EQ(reason(with_call(
                R"({"args": {}, "keras_masks": {"query": "m"}, "outputs": {"output": "o"}})")),
            "a padding mask that comes with an input (_keras_mask) is not supported yet");
  EXPECT_EQ(reason(with_call(R"({"args": {}, "outputs": {"cache": "o"}})")),
            "the output cache is not supported yet");
  auto axes = read_fixture(FIXTURES "/mha/axes1_4d_mask.json");
  ASSERT_TRUE(axes.ok());
  EXPECT_EQ(axes->skipped, "input query with 4 axes (not 3) is not supported yet");
}

TEST(Fixture, ReadsGroupQueryAttention) {
  auto read_gqa = [](const std::string& name) {
    return read_fixture(FIXTURES "/gqa/" + name + ".json");
  };
  auto f = read_gqa("kv3_of_6_cross_key");
  ASSERT_TRUE(f.ok()) << f.status().message();
  EXPECT_EQ(f->skipped, "");
  EXPECT_EQ(
      f->definition,
      "attn::GroupQueryAttention{.head_dim = 5, .num_query_heads = 6, .num_key_value_heads = 3}");
  // One of its calls asks for scores, where Keras keeps what is above 0.5.
  f = read_gqa("float_mask");
  ASSERT_TRUE(f.ok());
  EXPECT_EQ(f->skipped,
            "an attention_mask of numbers, of which Keras here keeps what is above 0.5 (not what "
            "is not 0), "
            "is not supported yet");
  for (const char* name : {"fully_masked_rows", "mask_bhts", "causal", "dropout_inference"}) {
    f = read_gqa(name);
    ASSERT_TRUE(f.ok());
    EXPECT_EQ(f->skipped, "") << name;
  }
}

TEST(Fixture, DamagedOnesAreNamed) {
  auto sentence = [](const std::string& text) { return read(text).status().message(); };
  EXPECT_EQ(sentence("{").find("/f.json is not JSON: "), 0u);
  EXPECT_EQ(sentence(with_call("")), "/f.json: a fixture without calls");
  EXPECT_EQ(sentence(with_call("3")), "/f.json: a call needs the objects `args` and `outputs`");
  EXPECT_EQ(sentence(with_call(R"({"args": {"query": 3}, "outputs": {"output": "o"}})")),
            "/f.json: the argument query names no tensor");
  EXPECT_EQ(sentence(with_call(R"({"args": {}, "outputs": {}})")),
            "/f.json: a call without outputs");
  EXPECT_EQ(sentence(with_call(R"({"args": {}, "kwargs": [], "outputs": {"output": "o"}})")),
            "/f.json: kwargs is an object");
  EXPECT_EQ(sentence(R"({"format": "attn-fixture-1", "layer": "MultiHeadAttention",
                         "config": {"num_heads": 1, "key_dim": 1},
                         "calls": [{"args": {}, "outputs": {"output": "o"}}]})"),
            "/f.json: a fixture needs `tolerance` with `atol` and `rtol`");
}

TEST(Fixture, ForgedOnesNeverCrash) {
  auto text = read_file(FIXTURES "/mha/causal_cross_mask.json", 1 << 20);
  ASSERT_TRUE(text.ok());
  std::mt19937 random(20261121);
  for (int round = 0; round < 1500; ++round) {
    std::string forged = *text;
    for (int n = 1 + round % 4; n-- > 0;)
      forged[random() % forged.size()] = "{}[]\",:0123456789nulltruex"[random() % 26];
    (void)read(forged).ok();
  }
}

TEST(Fixture, FilesOfFolders) {
  auto files = json_files({FIXTURES});
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(files->size(), 51u);
  EXPECT_TRUE(std::is_sorted(files->begin(), files->end()));
  EXPECT_EQ(json_files({"/nowhere"}).status().message(), "/nowhere: no such file or folder");
}

TEST(Compare, HoldsTheBound) {
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              inf = std::numeric_limits<float>::infinity();
  auto check = [](std::vector<float> got, std::vector<float> want, double atol, double rtol) {
    const attn::Shape shape{1, static_cast<int64_t>(got.size())};
    return compare(attn::Tensor(got, shape), attn::Tensor(want, shape), atol, rtol);
  };
  EXPECT_TRUE(check({1, 2}, {1, 2.25f}, 0.25, 0).passed);
  EXPECT_FALSE(check({1, 2}, {1, 2.25f}, 0.2, 0).passed);
  EXPECT_TRUE(check({1, 2}, {1, 2.25f}, 0, 0.12).passed);
  EXPECT_TRUE(check({nan, -inf}, {nan, -inf}, 0, 0).passed);
  EXPECT_FALSE(check({nan}, {1}, 1, 1).passed);
  EXPECT_FALSE(check({1}, {nan}, 1, 1).passed);
  EXPECT_FALSE(check({1}, {inf}, 1, 1).passed);
  EXPECT_FALSE(check({-inf}, {inf}, 1, 1).passed);
  const Comparison c = check({1, 5, 2}, {1, 2, 3}, 0.5, 0);
  EXPECT_EQ(c.max_error, 3);
  EXPECT_EQ(c.where, "[0, 1] is 5, expected 2 within 0.5");
}

}  // namespace
}  // namespace attnc
