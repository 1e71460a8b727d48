// Fixtures: reading them, mapping arguments to inputs, damaged files, and the comparison of
// results.
#include "tools/fixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "import/read_file.h"
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

std::string of_layer(const std::string& layer, const std::string& config, const std::string& call) {
  return R"({"format": "attn-fixture-1", "layer": ")" + layer + R"(", "config": )" + config +
         R"(, "tolerance": {"atol": 1e-5, "rtol": 0}, "calls": [)" + call + "]}";
}
std::string with_call(const std::string& call) {
  return of_layer("MultiHeadAttention", R"({"num_heads": 1, "key_dim": 1})", call);
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
  const std::string config = R"({"num_heads": 1, "key_dim": 1, "dropout": 0.5})";
  const std::string call =
      R"({"args": {"query": "q"}, "kwargs": {"training": true}, "outputs": {"output": "o"}})";
  EXPECT_EQ(reason(of_layer("MultiHeadAttention", config, call)), "dropout in training is random");
  EXPECT_EQ(reason(with_call(call)), "");
}

/// The inputs of a call as text, sorted: "query=q value=v".
std::string inputs_of(const std::string& layer, const std::string& config,
                      const std::string& call) {
  auto f = read(of_layer(layer, config, call));
  if (!f.ok()) return f.status().message();
  std::map<std::string, std::string> sorted(f->calls[0].inputs.begin(), f->calls[0].inputs.end());
  std::string out;
  for (const auto& [name, key] : sorted) out += (out.empty() ? "" : " ") + name + "=" + key;
  return out;
}

/// Which masks count differs between the originals.
TEST(Fixture, MasksFollowEachOriginal) {
  const std::string explicit_masks =
      R"({"args": {"query": "q", "value": "v", "query_mask": "qm", "value_mask": "vm"},
          "keras_masks": {"query": "kq", "value": "kv"}, "outputs": {"output": "o"}})";
  const std::string carried =
      R"({"args": {"query": "q", "value": "v", "key": "k"},
          "keras_masks": {"query": "kq", "value": "kv", "key": "kk"}, "outputs": {"output": "o"}})";
  const std::string mha = R"({"num_heads": 1, "key_dim": 1})";
  EXPECT_EQ(inputs_of("MultiHeadAttention", mha, explicit_masks),
            "query=q query_mask=kq value=v value_mask=vm");
  EXPECT_EQ(inputs_of("MultiHeadAttention", mha, carried),
            "key=k key_mask=kk query=q query_mask=kq value=v value_mask=kv");
  EXPECT_EQ(
      inputs_of("MultiHeadAttention", mha,
                R"({"args": {"query": "q", "query_mask": "qm"}, "outputs": {"output": "o"}})"),
      "query=q");
  const std::string gqa = R"({"head_dim": 1, "num_query_heads": 1, "num_key_value_heads": 1})";
  EXPECT_EQ(inputs_of("GroupedQueryAttention", gqa, explicit_masks),
            "query=q query_mask=qm value=v value_mask=vm");
  EXPECT_EQ(inputs_of("GroupedQueryAttention", gqa, carried),
            "key=k key_mask=kk query=q query_mask=kq value=v value_mask=kv");
  EXPECT_EQ(inputs_of("CachedMultiHeadAttention", mha, carried), "key=k query=q value=v");
  EXPECT_EQ(inputs_of("CachedMultiHeadAttention", mha, explicit_masks),
            "/f.json: the layer has no argument query_mask");
  EXPECT_EQ(inputs_of("ReuseMultiHeadAttention", mha, carried), "key=k query=q value=v");
  const std::string luong = R"({"score_mode": "dot", "size": 4})";
  EXPECT_EQ(inputs_of("Attention", luong, explicit_masks),
            "query=q query_mask=qm value=v value_mask=vm");
  EXPECT_EQ(inputs_of("Attention", luong, carried),
            "key=k query=q query_mask=kq value=v value_mask=kv");
}

TEST(Fixture, CachesAreInputsAndOutputs) {
  const std::string config = R"({"num_heads": 1, "key_dim": 1})";
  auto call = [&](const std::string& kwargs) {
    return read(of_layer("CachedMultiHeadAttention", config,
                         R"({"args": {"query": "q", "value": "v", "cache": "c"}, "kwargs": )" +
                             kwargs + R"(, "outputs": {"output": "o", "cache": "d"}})"));
  };
  auto updated = call(R"({"cache_update_index": -2, "return_attention_scores": false})");
  ASSERT_TRUE(updated.ok()) << updated.status().message();
  using Numbers = std::vector<std::pair<std::string, std::int32_t>>;
  using Names = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(updated->calls[0].numbers, (Numbers{{"cache_update_index", -2}}));
  EXPECT_EQ(updated->calls[0].outputs, (Names{{"cache", "d"}, {"output", "o"}}));
  EXPECT_TRUE(updated->calls[0].unchanged.empty());
  // Without an index the original returns the cache that it was given.
  auto kept = call("{}");
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept->calls[0].outputs, (Names{{"output", "o"}}));
  EXPECT_EQ(kept->calls[0].unchanged, (Names{{"c", "d"}}));
  EXPECT_EQ(call(R"({"cache_update_index": 1.5})").status().message(),
            "/f.json: cache_update_index is an index, not 1.5");
}

/// Every recording is read, none is skipped, and its weights are those of the layer, in order.
TEST(Fixture, EveryRecordingIsRead) {
  auto files = json_files({FIXTURES});
  ASSERT_TRUE(files.ok());
  std::map<std::string, int> others;
  int fixtures = 0, calls = 0;
  for (const std::string& file : *files) {
    auto f = read_fixture(file);
    ASSERT_TRUE(f.ok()) << f.status().message();
    if (!f->is_fixture) {
      ++others[file.substr(std::string(FIXTURES).size())];
      continue;
    }
    ++fixtures, calls += static_cast<int>(f->calls.size());
    EXPECT_EQ(f->skipped, "") << file;
    auto text = read_file(file, 1 << 20);
    ASSERT_TRUE(text.ok());
    const attn::Graph& g = f->description.graph;
    std::vector<std::string> weights;
    for (const attn::Weight& w : g.weights) weights.emplace_back(w.name.view());
    EXPECT_EQ(weights, nlohmann::json::parse(*text)["weights"].get<std::vector<std::string>>())
        << file;
    auto has_input = [&](const std::string& name) {
      for (const attn::Node& n : g.nodes) {
        if (n.op == attn::Op::input && n.name.view() == name) return true;
      }
      return false;
    };
    auto has_output = [&](const std::string& name) {
      for (const attn::Output& o : g.outputs) {
        if (o.name.view() == name) return true;
      }
      return false;
    };
    for (const FixtureCall& call : f->calls) {
      for (const auto& [name, key] : call.inputs) EXPECT_TRUE(has_input(name)) << file << name;
      for (const auto& [name, key] : call.outputs) EXPECT_TRUE(has_output(name)) << file << name;
      for (const auto& [name, number] : call.numbers) EXPECT_TRUE(has_input(name)) << file << name;
      for (const std::string& name : call.flags) EXPECT_TRUE(has_input(name)) << file << name;
    }
  }
  EXPECT_EQ(fixtures, 168);
  EXPECT_GT(calls, 250);
  EXPECT_EQ(others, (std::map<std::string, int>{{"/common/configs.json", 1},
                                                {"/common/errors.json", 1},
                                                {"/common/regularizers_constraints.json", 1}}));
}

TEST(Fixture, DamagedOnesAreNamed) {
  auto sentence = [](const std::string& text) { return read(text).status().message(); };
  EXPECT_EQ(sentence("{").find("/f.json is not JSON: "), 0u);
  EXPECT_EQ(sentence(with_call("")), "/f.json: a fixture without calls");
  EXPECT_EQ(sentence(with_call("3")), "/f.json: a call needs the objects `args` and `outputs`");
  EXPECT_EQ(sentence(with_call(R"({"args": {"query": 3}, "outputs": {"output": "o"}})")),
            "/f.json: the argument query names no tensor");
  EXPECT_EQ(sentence(with_call(R"({"args": {"cache": "c"}, "outputs": {"output": "o"}})")),
            "/f.json: the layer has no argument cache");
  EXPECT_EQ(sentence(with_call(
                R"({"args": {}, "kwargs": {"causal": true}, "outputs": {"output": "o"}})")),
            "/f.json: the layer has no argument causal");
  EXPECT_EQ(sentence(with_call(
                R"({"args": {}, "keras_masks": {"query": "m"}, "outputs": {"output": "o"}})")),
            "/f.json: the mask of query belongs to no tensor");
  EXPECT_EQ(sentence(R"({"format": "attn-fixture-1", "layer": "Attention", "config": {}})")
                .find("/f.json: the key `size` is missing"),
            0u);
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
  EXPECT_EQ(files->size(), 171u);
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

/// Compares with the compiler's own conversion, for every half and its neighbours in float.
TEST(Converted, HalvesRoundToNearestEven) {
  std::vector<float> all;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const attn::Tensor one(&half, attn::DType::float16, {1});
    const auto wide = converted(one, attn::DType::float32);
    float value = 0;
    std::memcpy(&value, wide.data(), sizeof value);
    const auto narrow = converted(attn::Tensor(&value, {1}), attn::DType::float16);
    std::uint16_t back = 0;
    std::memcpy(&back, narrow.data(), sizeof back);
    if (std::isnan(value)) {
      EXPECT_EQ(bits & 0x7c00u, 0x7c00u);
      EXPECT_EQ(back & 0x7e00u, 0x7e00u);
      continue;
    }
    EXPECT_EQ(back, half);
    // Halfway to the next half, and slightly above and below that.
    if ((bits & 0x7fffu) >= 0x7bffu) continue;
    const auto next = static_cast<std::uint16_t>(bits + 1);
    const auto above =
        converted(attn::Tensor(&next, attn::DType::float16, {1}), attn::DType::float32);
    float upper = 0;
    std::memcpy(&upper, above.data(), sizeof upper);
    const float middle = (value + upper) / 2;
    const std::pair<float, std::uint16_t> wanted[] = {{std::nextafter(middle, value), half},
                                                      {middle, bits % 2 == 0 ? half : next},
                                                      {std::nextafter(middle, upper), next}};
    for (const auto& [x, h] : wanted) {
      const auto rounded = converted(attn::Tensor(&x, {1}), attn::DType::float16);
      std::memcpy(&back, rounded.data(), sizeof back);
      ASSERT_EQ(back, h) << x;
    }
  }
}

TEST(Converted, BfloatsAndDoubles) {
  auto bfloat = [](float x) {
    std::uint16_t out = 0;
    const auto bytes = converted(attn::Tensor(&x, {1}), attn::DType::bfloat16);
    std::memcpy(&out, bytes.data(), sizeof out);
    return out;
  };
  EXPECT_EQ(bfloat(1.0f), 0x3f80);
  EXPECT_EQ(bfloat(1.00390625f), 0x3f80);  // halfway, rounded to even
  EXPECT_EQ(bfloat(1.01171875f), 0x3f82);
  EXPECT_EQ(bfloat(-std::numeric_limits<float>::infinity()), 0xff80);
  EXPECT_EQ(bfloat(std::numeric_limits<float>::quiet_NaN()) & 0x7fc0, 0x7fc0);
  EXPECT_EQ(bfloat(std::numeric_limits<float>::max()), 0x7f80);
  const std::vector<double> x{0.1, -3};
  const auto bytes = converted(attn::Tensor(x, {2}), attn::DType::float64);
  EXPECT_EQ(std::memcmp(bytes.data(), x.data(), bytes.size()), 0);
}

}  // namespace
}  // namespace attnc
