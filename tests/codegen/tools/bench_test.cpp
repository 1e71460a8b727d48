// attnc bench: cases from JSON, the reference in double, machine-readable output.
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "attn/runtime/cpu.h"
#include "attn/runtime/kernel_abi.h"
#include "attn/runtime/safetensors.h"
#include "attnc_shell.h"
#include "halide/targets.h"
#include "reference_attention.h"
#include "tools/bench/limits.h"
#include "tools/bench/loops.h"
#include "tools/bench/profile.h"
#include "tools/bench/reference.h"

namespace attnc {
namespace {

using nlohmann::json;

std::vector<float> numbers(const attn::SafeTensors& file, const std::string& name) {
  auto tensor = file.find(name);
  EXPECT_TRUE(tensor.ok()) << name;
  if (!tensor.ok()) return {};
  const auto* at = static_cast<const float*>(tensor->data());
  return {at, at + tensor->shape().elements()};
}

/// The output of a saved layer, computed by the tests' own attention in double.
attn_test::Reference reference_of(const json& c, const attn::SafeTensors& file) {
  attn_test::Config config;
  attn_test::Weights weights;
  attn_test::Call call;
  config.num_heads = c.value("Hq", 1);
  config.key_dim = c.value("D", 64), config.value_dim = c.value("Dv", config.key_dim);
  config.use_bias = true;
  if (c.value("causal", false))
    config.own_mask = [](int q, int k, int queries, int keys) { return k <= q + keys - queries; };
  call.batch = c.value("B", 1), call.queries = c.value("T", 1),
  call.keys = c.value("S", call.queries);
  const int hidden = c.value("hidden", 0);
  call.query_features = call.key_features = call.value_features = call.output_features = hidden;
  call.query = numbers(file, "x");
  call.key = call.value = numbers(file, call.queries == call.keys ? "x" : "y");
  // Grouped heads: every query head gets a copy of the weights of its key head.
  const int shared = c.value("Hkv", config.num_heads), group = config.num_heads / shared;
  auto spread = [&](const std::string& name, int size) {
    const std::vector<float> own = numbers(file, name);
    const int rows = static_cast<int>(own.size()) / (shared * size);
    std::vector<float> out;
    for (int r = 0; r < rows; ++r) {
      for (int h = 0; h < config.num_heads; ++h) {
        const auto from = own.begin() + (r * shared + h / group) * size;
        out.insert(out.end(), from, from + size);
      }
    }
    return out;
  };
  weights.query_kernel = numbers(file, "query/kernel");
  weights.query_bias = numbers(file, "query/bias");
  weights.key_kernel = spread("key/kernel", config.key_dim);
  weights.key_bias = spread("key/bias", config.key_dim);
  weights.value_kernel = spread("value/kernel", config.value_dim);
  weights.value_bias = spread("value/bias", config.value_dim);
  weights.output_kernel = numbers(file, "attention_output/kernel");
  weights.output_bias = numbers(file, "attention_output/bias");
  return attn_test::reference_attention(config, weights, call);
}

struct Results {
  std::vector<double> output, probabilities;
};
/// Attention on the saved heads, (B, H, T, D); keys and values are (B, S, H, D) if by_position.
Results attention(const json& c, const attn::SafeTensors& file) {
  const std::vector<float> q = numbers(file, "q"), k = numbers(file, "k"), v = numbers(file, "v");
  const int B = c.value("B", 1), H = c.value("Hq", 1), KV = c.value("Hkv", H), T = c.value("T", 1),
            S = c.value("S", T), D = c.value("D", 64), Dv = c.value("Dv", D);
  Results results;
  std::vector<double>& out = results.output;
  out.resize(static_cast<size_t>(B * H * T * Dv));
  for (int row = 0; row < B * H * T; ++row) {
    const int t = row % T, h = row / T % H, b = row / T / H;
    const bool by_position = c.value("by_position", false);
    const int head = h / (H / KV), keys = by_position ? b * S * KV + head : (b * KV + head) * S,
              step = by_position ? KV : 1;
    std::vector<double> p(static_cast<size_t>(S));
    double sum = 0;
    for (int s = 0; s < S; ++s) {
      double dot = 0;
      for (int i = 0; i < D; ++i)
        dot += double{q[static_cast<size_t>(row * D + i)]} *
               k[static_cast<size_t>((keys + s * step) * D + i)];
      const int place = S - T + t, window = c.value("window", S + T),
                document = c.value("document", S + T);
      const bool seen = (!c.value("causal", false) || s <= place) && std::abs(s - place) < window &&
                        s / document == place / document;
      const double cap = c.value("softcap", 1e9), slope = c.value("alibi", false);
      const double score = cap * std::tanh(dot / std::sqrt(D) / cap) +
                           slope * std::exp2(-8.0 * (h + 1) / H) * (s - place);
      sum += p[static_cast<size_t>(s)] = seen ? std::exp(score) : 0;
    }
    for (int s = 0; s < S; ++s) {
      results.probabilities.push_back(p[static_cast<size_t>(s)] / sum);
      for (int i = 0; i < Dv; ++i) {
        out[static_cast<size_t>(row * Dv + i)] +=
            p[static_cast<size_t>(s)] / sum * v[static_cast<size_t>((keys + s * step) * Dv + i)];
      }
    }
  }
  return results;
}

std::vector<json> lines_of(const std::string& out) {
  std::vector<json> lines;
  std::istringstream text(out);
  for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
  return lines;
}

constexpr const char* tiny = R"([
 {"name": "self", "Hq": 2, "T": 5, "D": 8},
 {"name": "grouped-causal", "B": 2, "Hq": 4, "Hkv": 2, "T": 5, "D": 8, "causal": true},
 {"name": "end", "Hq": 2, "T": 3, "S": 7, "D": 8, "Dv": 4, "causal": true, "hidden": null},
 {"name": "decode", "B": 2, "Hq": 4, "Hkv": 1, "T": 1, "S": 9, "D": 8},
 {"name": "layer", "kind": "mha", "B": 2, "Hq": 2, "T": 5, "D": 8, "hidden": 12, "causal": true},
 {"name": "cross", "kind": "mha", "Hq": 2, "T": 5, "S": 3, "D": 8, "Dv": 4, "hidden": 12},
 {"name": "grouped-layer", "kind": "mha", "Hq": 4, "Hkv": 2, "T": 5, "D": 8, "hidden": 12},
 {"name": "windowed", "Hq": 2, "T": 5, "S": 9, "D": 8, "window": 2},
 {"name": "capped", "Hq": 2, "T": 5, "D": 8, "causal": true, "softcap": 1.5},
 {"name": "alibi", "Hq": 4, "Hkv": 2, "T": 5, "S": 6, "D": 8, "alibi": true, "softcap": 3},
 {"name": "cache", "B": 2, "Hq": 4, "Hkv": 2, "T": 1, "S": 9, "D": 8, "Dv": 4, "by_position": true},
 {"name": "documents", "T": 7, "D": 8, "document": 3},
 {"name": "returned", "Hq": 2, "T": 45, "D": 8, "causal": true, "window": 20, "scores": true},
 {"name": "halves", "Hq": 2, "T": 5, "D": 8, "dtype": "f16"},
 {"name": "brain", "kind": "mha", "Hq": 2, "T": 5, "D": 8, "hidden": 12, "dtype": "bf16"}
])";

TEST_F(Attnc, BenchMeasuresChecksAndSaves) {
  write("cases.json", tiny);
  const Said said =
      attnc("bench cases.json --threads 2 --seconds 0.01 --target baseline --save saved/here");
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.err, "");
  const std::vector<json> lines = lines_of(said.out);
  const json cases = json::parse(tiny);
  ASSERT_EQ(lines.size(), 1 + cases.size()) << said.out;
  EXPECT_NE(lines[0].at("machine").get<std::string>().find("2 threads"), std::string::npos);
  EXPECT_GT(lines[0].at("fma_gflops").get<double>(), 0.1);
  EXPECT_GT(lines[0].at("read_gbps").get<double>(), 0.1);
  for (size_t i = 0; i < cases.size(); ++i) {
    const json &line = lines[i + 1], &c = cases[i];
    const std::string name = c.at("name");
    EXPECT_EQ(line.at("case"), name);
    EXPECT_EQ(line.at("peer"), "attnc");
    EXPECT_GE(line.at("runs").get<int>(), 5);
    EXPECT_GT(line.at("min_s").get<double>(), 0);
    EXPECT_GE(line.at("median_s").get<double>(), line.at("min_s").get<double>());
    EXPECT_GT(line.at("gflops").get<double>(), 0) << name;
    const double taken = name == "halves" ? 1e-3 : name == "brain" ? 1e-2 : 1e-5;
    EXPECT_LT(line.at("max_error").get<double>(), taken) << name;
    EXPECT_GT(line.at("max_error").get<double>(), 0) << name;

    auto file = attn::SafeTensors::open(path("saved/here/" + name + ".safetensors"));
    ASSERT_TRUE(file.ok()) << name;
    const bool layer = c.value("kind", "sdpa") == "mha";
    EXPECT_EQ(file->names().size(), layer ? (name == "cross" ? 11u : 10u)
                                    : c.contains("alibi") || c.contains("scores") ? 5u
                                                                                  : 4u)
        << name;
    const auto compare = [&](const char* tensor, const std::vector<double>& want) {
      const std::vector<float> got = numbers(*file, tensor);
      ASSERT_EQ(got.size(), want.size()) << name;
      for (size_t e = 0; e < got.size(); ++e)
        ASSERT_NEAR(got[e], want[e], taken) << name << " " << tensor << " " << e;
    };
    if (layer) {
      compare("output", reference_of(c, *file).output);
      continue;
    }
    const Results want = attention(c, *file);
    compare("output", want.output);
    if (c.contains("scores")) compare("attention_scores", want.probabilities);
  }
  auto saved = attn::SafeTensors::open(path("saved/here/end.safetensors"));
  EXPECT_EQ(saved->find("q")->shape(), attn::Shape({1, 2, 3, 8}));
  EXPECT_EQ(saved->find("v")->shape(), attn::Shape({1, 2, 7, 4}));
  EXPECT_EQ(saved->find("output")->shape(), attn::Shape({1, 2, 3, 4}));
}

TEST_F(Attnc, BenchTakesCasesByName) {
  write("cases.json", tiny);
  const Said said =
      attnc("bench cases.json --case halves self --threads 1 --seconds 0 --target baseline");
  ASSERT_EQ(said.code, 0) << said.err;
  const std::vector<json> lines = lines_of(said.out);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[1].at("case"), "self");
  EXPECT_EQ(lines[1].at("runs"), 5);
  EXPECT_EQ(lines[2].at("case"), "halves");
}

TEST_F(Attnc, BenchTellsStagesApart) {
  write("cases.json",
        R"([{"name": "layer", "kind": "mha", "Hq": 2, "T": 200, "D": 8, "hidden": 16}])");
  const Said said = attnc("bench cases.json --threads 2 --seconds 0 --target baseline --profile");
  ASSERT_EQ(said.code, 0) << said.err;
  const json line = lines_of(said.out).at(1);
  std::vector<std::string> names;
  double all = 0;
  for (const auto& [name, seconds] : line.at("stages").items()) {
    names.push_back(name);
    EXPECT_GE(seconds.get<double>(), 0) << name;
    all += seconds.get<double>();
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"attention", "mean", "output", "projected_key",
                                             "projected_query", "projected_value", "rest"}));
  EXPECT_GT(all, 0);
}

TEST(Profile, StagesHaveTheNamesOfTheirFuncs) {
  EXPECT_EQ(stage_of_symbol("attn_a_layer_avx2_output_par_for_packed_keys_s0_n_h_task"),
            "packed_keys");
  EXPECT_EQ(stage_of_symbol("attn_a_layer_avx2_output_par_for_output_s1_list__y_lt_lo_list_task"),
            "output");
  EXPECT_EQ(stage_of_symbol("attn_a_par_for_b_avx2_output_par_for_mean_s1_b"), "mean");
  EXPECT_EQ(kernel_of_symbol("attn.lib.avx2.project_a_par_for_projected_s0_r_task"), "project_a");
  EXPECT_EQ(stage_of_symbol("copies"), "copies");
  EXPECT_EQ(stage_of_symbol(""), "");
}

TEST_F(Attnc, BenchRefusesWithASentence) {
  write("cases.json", tiny);
  write("file", "");
  write("object.json", "{}");
  write("key.json", R"([{"name": "a", "heads": 3}])");
  refuses("bench", 2, "CASES is required (`attnc bench --help` shows how)");
  refuses("bench cases.json --threads 0", 2,
          "--threads: Value 0 not in range 1 to 1024 (`attnc bench --help` shows how)");
  refuses("bench nowhere.json", 1, "nowhere.json: no such file");
  refuses("bench object.json", 1,
          "object.json: expected a list of cases, [{\"name\": ...}, ...], not {}");
  refuses(
      "bench key.json", 1,
      "key.json: case `a`: there is no key `heads`; there are name, kind, dtype, B, Hq, T, D, "
      "Hkv, S, Dv, hidden, window, document, causal, alibi, softcap, by_position, scores, mask");
  write("layer.json", R"([{"name": "a", "kind": "mha", "hidden": 4, "by_position": true}])");
  refuses("bench layer.json", 1,
          "layer.json: case `a`: the kind \"mha\" has no keys and values of the caller, so not the "
          "key `by_position`");
  refuses("bench cases.json --case self soup", 1,
          "cases.json has no case `soup`; it has self, grouped-causal, end, decode, layer, cross, "
          "grouped-layer, windowed, capped, alibi, cache, documents, returned, halves, brain");
  refuses("bench cases.json --target avx1024", 1,
          "there is no target `avx1024`; there are " + target_list());
  refuses("bench cases.json --save file/folder", 1, "--save file/folder: Not a directory");
}

std::string complaint(const std::string& object) {
  return bench_cases_from_json("[" + object + "]", "c.json").status().message();
}

TEST(BenchCases, WrongValuesAreNamed) {
  EXPECT_EQ(complaint("3"), "c.json: case number 1: a case is an object, not 3");
  EXPECT_EQ(complaint("{}"), "c.json: case number 1: the key `name` is missing");
  EXPECT_EQ(
      complaint(R"({"name": "../up"})"),
      "c.json: case number 1: `name` must be letters, digits, `-`, `_` and `.` (a file can be "
      "called so), not \"../up\"");
  EXPECT_EQ(complaint(R"({"name": "a", "T": 0})"),
            "c.json: case `a`: `T` must be a positive whole number, not 0");
  EXPECT_EQ(complaint(R"({"name": "a", "T": null})"),
            "c.json: case `a`: `T` must be a positive whole number, not null");
  EXPECT_EQ(complaint(R"({"name": "a", "S": 2.5})"),
            "c.json: case `a`: `S` must be a positive whole number or null, not 2.5");
  EXPECT_EQ(complaint(R"({"name": "a", "S": 99999999999999999999})"),
            "c.json: case `a`: `S` must be a positive whole number or null, not 1e+20");
  EXPECT_EQ(complaint(R"({"name": "a", "causal": 1})"),
            "c.json: case `a`: `causal` must be true or false, not 1");
  EXPECT_EQ(complaint(R"({"name": "a", "kind": "lstm"})"),
            "c.json: case `a`: `kind` must be \"sdpa\", \"mha\", not \"lstm\"");
  EXPECT_EQ(complaint(R"({"name": "a", "softcap": -1})"),
            "c.json: case `a`: `softcap` must be a number from 1e-18 to 1e18 or null, not -1");
  for (const char* cap : {"1e300", "1e-300", "0"}) {
    EXPECT_EQ(
        complaint(fmt::format(R"({{"name": "a", "softcap": {}}})", cap)),
        fmt::format("c.json: case `a`: `softcap` must be a number from 1e-18 to 1e18 or null, "
                    "not {}",
                    json::parse(cap).dump()));
  }
  EXPECT_EQ(complaint(R"({"name": "a", "mask": true})"),
            "c.json: case `a`: `mask` must be null, not true");
  EXPECT_EQ(complaint(R"({"name": "a", "kind": "mha"})"),
            "c.json: case `a`: the kind \"mha\" needs the key `hidden`");
  EXPECT_EQ(complaint(R"({"name": "a", "Hq": 3, "Hkv": 2})").find("c.json: case `a`: "), 0u);
  EXPECT_NE(complaint(R"({"name": "a", "Hq": 3, "Hkv": 2})").find("divisible"), std::string::npos);
  EXPECT_EQ(
      complaint(R"({"name": "a", "B": 1000000, "T": 100})"),
      "c.json: case `a`: a tensor of 6400000000 elements is too large: at most 2147483647 go");
  EXPECT_EQ(complaint(R"({"name": "a"}, {"name": "a"})"), "c.json: two cases have the name `a`");
  EXPECT_EQ(complaint("").find("c.json: expected a list of cases"), 0u);
  EXPECT_EQ(bench_cases_from_json("[", "c.json").status().message().find("c.json is not JSON: "),
            0u);
}

TEST(BenchCases, WhatIsNotMeasuredSaysWhy) {
  auto skipped = [](const std::string& members) {
    auto cases = bench_cases_from_json("[{\"name\": \"a\", " + members + "}]", "c.json");
    return cases.ok() ? cases->front().skipped : cases.status().message();
  };
  EXPECT_EQ(skipped(R"("T": 4)"), "");
  EXPECT_EQ(skipped(R"("dtype": "bf16")"), "");
  EXPECT_EQ(skipped(R"("window": 4, "softcap": 30, "alibi": true, "document": 8)"), "");
  EXPECT_EQ(
      skipped(R"("kind": "mha", "hidden": 8, "Hq": 2, "Hkv": 1, "D": 4, "Dv": 2)"),
      "attnc does not measure a grouped layer whose values have a size of their own (Dv) yet");
}

TEST(BenchCases, RangesStandForACaseEach) {
  const auto cases = bench_cases_from_json(
      R"([{"name": "a", "T": {"from": 2, "to": 3}, "D": {"from": 8, "to": 30, "step": 16}}, {"name": "b"}])",
      "c.json");
  ASSERT_TRUE(cases.ok()) << cases.status().message();
  std::vector<std::tuple<std::string, int, int>> is;
  for (const BenchCase& c : *cases) is.emplace_back(c.name, c.queries, c.size);
  EXPECT_EQ(is, (std::vector<std::tuple<std::string, int, int>>{{"a-D8-T2", 2, 8},
                                                                {"a-D8-T3", 3, 8},
                                                                {"a-D24-T2", 2, 24},
                                                                {"a-D24-T3", 3, 24},
                                                                {"b", 1, 64}}));
  const std::string what =
      ": a range is {\"from\": 48, \"to\": 256, \"step\": 8}, of positive whole numbers and not "
      "empty; got ";
  for (const char* bad : {R"({})", R"({"from":0,"to":1})", R"({"from":2,"to":1})",
                          R"({"from":1,"step":1})", R"({"from":1,"to":2,"step":0})",
                          R"({"from":1,"to":2,"upto":3})", R"({"from":1.5,"to":2})"}) {
    EXPECT_EQ(complaint(fmt::format(R"({{"name": "a", "T": {}}})", bad)),
              fmt::format("c.json: case number 1: `T`{}{}", what, json::parse(bad).dump()));
  }
  EXPECT_EQ(complaint(R"({"name": "a", "T": {"from": 1, "to": 5000}})"),
            "c.json: case number 1: its ranges make more than 4096 cases");
}

TEST(BenchCases, OperationsAreThoseOfVisiblePairs) {
  const auto pairs = [](const std::string& members) {
    const auto cases =
        bench_cases_from_json(R"([{"name": "a", "B": 3, "Hq": 2, "D": 8, )" + members + "}]", "c");
    EXPECT_TRUE(cases.ok()) << cases.status().message();
    return cases.ok() ? operations_of(cases->front()) / (2 * 3 * 2 * 16) : -1;
  };
  EXPECT_EQ(pairs(R"("T": 5, "S": 7)"), 35);
  EXPECT_EQ(pairs(R"("T": 5, "causal": true)"), 15);
  EXPECT_EQ(pairs(R"("T": 2, "S": 7, "causal": true)"), 13);
  EXPECT_EQ(pairs(R"("T": 7, "S": 2, "causal": true)"), 3) << "the first five see nothing";
  EXPECT_EQ(pairs(R"("T": 5, "window": 2)"), 13);
  EXPECT_EQ(pairs(R"("T": 5, "window": 2, "causal": true)"), 9);
  EXPECT_EQ(pairs(R"("T": 5, "document": 2)"), 9);
  EXPECT_EQ(pairs(R"("T": 5, "document": 2, "causal": true)"), 7);
  // A layer: 5 rows, each through four kernels of 16 x 10 numbers.
  EXPECT_EQ(pairs(R"("T": 5, "kind": "mha", "hidden": 10)"), 25 + 5 * 4 * 10 * 16 / (2.0 * 16));
}

TEST(BenchReference, FindsTheRowThatIsWrong) {
  for (const char* members :
       {R"("Hq": 4, "Hkv": 2, "T": 40, "D": 8)",
        R"("kind": "mha", "Hq": 4, "Hkv": 2, "T": 200, "D": 8, "hidden": 8)"}) {
    auto cases = bench_cases_from_json(
        std::string("[{\"name\": \"a\", \"B\": 2, \"causal\": true, ") + members + "}]", "c.json");
    ASSERT_TRUE(cases.ok()) << cases.status().message();
    const BenchCase& c = cases->front();
    const std::vector<int64_t> rows = sampled_rows(c, 64);
    ASSERT_EQ(rows.size(), 64u);
    EXPECT_EQ(rows.front(), 0);
    EXPECT_EQ(rows.back(), c.rows() - 1);
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
    EXPECT_EQ(sampled_rows(c, 10000).size(), static_cast<size_t>(c.rows()));

    BenchTensors t = make_tensors(c);
    Floats& out = t.results[0].memory;
    std::fill_n(out.data(), out.size(), 0.0f);
    out.data()[rows[5] * c.row_size() + 1] = 1000;
    RowError worst = largest_error(c, t, rows, attn::serial_executor());
    EXPECT_EQ(worst.row, rows[5]);
    EXPECT_NEAR(worst.error, 1000, 10);
    EXPECT_NE(worst.where.find("batch 0"), std::string::npos) << worst.where;
    out.data()[rows.back() * c.row_size()] = std::numeric_limits<float>::quiet_NaN();
    worst = largest_error(c, t, rows, attn::serial_executor());
    EXPECT_EQ(worst.row, rows.back());
    EXPECT_TRUE(std::isinf(worst.error));
  }
}

TEST(BenchTensors, AreNormalAndTheSameEveryTime) {
  auto cases = bench_cases_from_json(R"([{"name": "a", "T": 1000}])", "c.json");
  ASSERT_TRUE(cases.ok());
  const BenchTensors one = make_tensors(cases->front()), two = make_tensors(cases->front());
  double sum = 0, squares = 0;
  const Floats &q = one.at("q").memory, &again = two.at("q").memory;
  ASSERT_EQ(q.size(), 64000u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(q.data()) % 64, 0u);
  for (size_t i = 0; i < q.size(); ++i) {
    ASSERT_EQ(q.data()[i], again.data()[i]);
    sum += q.data()[i], squares += double{q.data()[i]} * q.data()[i];
  }
  EXPECT_NEAR(sum / 64000, 0, 0.02);
  EXPECT_NEAR(squares / 64000, 1, 0.03);
}

TEST(BenchLimits, TheWidestVectorsAreTaken) {
  const Loops loops = widest_loops();
  const uint64_t cpu = attn::cpu_features();
  const bool fused = (cpu & ATTN_CPU_AVX2) && (cpu & ATTN_CPU_FMA);
  EXPECT_EQ(loops.vector_bits, cpu & ATTN_CPU_AVX512 ? 512 : fused ? 256 : 128);
  alignas(64) float ones[256];
  std::fill_n(ones, 256, 1.0f);
  EXPECT_EQ(loops.read(ones, 256), 256);
  EXPECT_EQ(loops.read(ones, 0), 0);
  EXPECT_TRUE(std::isfinite(loops.multiply_add(1000)));
}

}  // namespace
}  // namespace attnc
