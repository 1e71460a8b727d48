// attnc tune LAYER: what it tries, keeps and says; each of the five layers can be tuned.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "attnc_shell.h"
#include "plan/schedule_text.h"
#include "tools/compiler.h"
#include "tools/tune/database.h"

namespace attnc {
namespace {

using nlohmann::json;

constexpr const char* cases =
    R"([{"name": "small", "Hq": 2, "T": 24, "S": 40, "D": 8}, {"name": "one", "T": 1, "S": 40, "D": 8}])";

class Tune : public Attnc {
 protected:
  struct Trials {
    std::vector<TuningRun> runs;
    std::vector<std::vector<Trial>> of;
  };
  Trials trials(const std::string& file) {
    Trials out;
    auto db = TuningDatabase::open_to_read(path(file));
    EXPECT_TRUE(db.ok()) << db.status().message();
    if (!db.ok()) return out;
    out.runs = *db->runs();
    for (const TuningRun& run : out.runs) out.of.push_back(*db->trials(run.name));
    return out;
  }
};

TEST_F(Tune, FindsAScheduleAndKeepsItsTrials) {
  write("cases.json", cases);
  const std::string command =
      "tune cases.json --case small --target baseline --seconds 600 --trials 9 --seed 3 --db t.db";
  const Said said = attnc(command + " --json");
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.err, "");
  const json line = json::parse(said.out);
  EXPECT_EQ(line.at("layer"), "small");
  EXPECT_EQ(line.at("calls"), "B=1,T=24,S=40");
  EXPECT_EQ(line.at("trials").get<int>(), 9);
  EXPECT_GT(line.at("before_s").get<double>(), 0);
  EXPECT_LE(line.at("ratio").get<double>(), 1.2);
  EXPECT_TRUE(schedule_from_text(line.at("schedule").get<std::string>()));

  const Said again = attnc(command);
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out.find("small (baseline, B=1,T=24,S=40): "), 0u) << again.out;
  const Trials kept = trials("t.db");
  ASSERT_EQ(kept.runs.size(), 2u);
  const TuningRun& run = kept.runs[0];
  EXPECT_EQ(run.target, "baseline");
  EXPECT_EQ(run.dtype, "float32");
  EXPECT_EQ(run.head_size, 8);
  EXPECT_EQ(run.families, "online few") << "24 queries: which of the two is a parameter";
  EXPECT_EQ(run.operations, 2.0 * 2 * 24 * 40 * (8 + 8));
  ASSERT_EQ(kept.of[0].size(), 9u);
  ASSERT_EQ(kept.of[1].size(), 9u);
  // The first generation does not depend on times.
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(kept.of[0][i].generation, 0) << i;
    EXPECT_EQ(text_of(kept.of[0][i].schedule), text_of(kept.of[1][i].schedule)) << i;
  }

  const Said replayed = attnc("tune --replay t.db");
  EXPECT_EQ(replayed.code, 0) << replayed.err;
  EXPECT_NE(replayed.out.find(fmt::format("repeats all {} trials", kept.of[1].size())),
            std::string::npos)
      << replayed.out;
}

TEST_F(Tune, ATrialThatTheSearchDoesNotMakeIsNoReplay) {
  auto db = TuningDatabase::open(path("t.db"));
  ASSERT_TRUE(db.ok()) << db.status().message();
  auto run = db->begin({.name = "",
                        .layer = "a",
                        .target = "baseline",
                        .dtype = "float32",
                        .head_size = 8,
                        .families = "online",
                        .work = "24 24 40 8 8",
                        .seed = 1});
  ASSERT_TRUE(run.ok()) << run.status().message();
  Trial trial{.schedule = {.vector = 4}, .seconds = 1, .ratio = 1, .accepted = true};
  ASSERT_TRUE(db->add(*run, trial).ok());
  trial.number = 1, trial.schedule.decode_rows = 1;
  ASSERT_TRUE(db->add(*run, trial).ok());
  const Said said = attnc("tune --replay t.db");
  EXPECT_EQ(said.code, 1);
  EXPECT_NE(said.err.find("trial 1 is another one than the search tries now"), std::string::npos)
      << said.err;
}

TEST_F(Tune, TakesEachOfTheFiveLayersFromItsConfiguration) {
  struct Layer {
    const char *fixture, *arguments, *families;
  };
  const Layer layers[] = {
      {"mha/self_basic", "--shape T=5,S=7,E=6 --causal", "projections online"},
      {"gqa/causal", "--shape T=1,S=9,E=6 --shape B=2,T=9,S=9,E=6 --scores",
       "projections with_scores"},
      {"cached/update_one", "--shape B=2,T=1,S=12,E=6 --with cache,cache_update_index",
       "projections decode"},
      {"luong/dot_scale", "--shape T=4,S=6", "online"},
      {"reuse/dropout_inference", "--shape T=4,S=4,E=6", "projections online"}};
  for (const Layer& layer : layers) {
    const json fixture =
        json::parse(bytes_of(fmt::format("{}/{}.json", FIXTURES, layer.fixture)), nullptr, false);
    ASSERT_TRUE(fixture.is_object()) << layer.fixture;
    json config = fixture.at("config");
    // Keras's Attention has it from its first call.
    if (fixture.at("layer") == "Attention") config["size"] = 6;
    write("layer.json", json{{"class_name", fixture.at("layer")}, {"config", config}}.dump());
    const Said said = attnc(fmt::format(
        "tune layer.json --target baseline --trials 1 --db five.db {}", layer.arguments));
    EXPECT_EQ(said.code, 0) << layer.fixture << ": " << said.err;
    EXPECT_NE(said.out.find("nothing faster than the schedule that it has"), std::string::npos)
        << said.out;
    const Trials kept = trials("five.db");
    ASSERT_FALSE(kept.runs.empty());
    EXPECT_EQ(kept.runs.back().families, layer.families) << layer.fixture;
    std::remove(path("five.db").c_str());
  }
}

TEST_F(Tune, TakesTheCallsThatAProgramMade) {
  write("layer.json",
        R"({"class_name": "GroupQueryAttention", "config": {"head_dim": 4, "num_query_heads": 2,
            "num_key_value_heads": 1, "name": "own"}})");
  const std::string from_text =
      R"({"layer": "own", "fingerprint": "FINGERPRINT", "target": "avx2", "threads": 1,
          "shape": "batch=1,query=SIZE,key=9,feature=6", "with": ["use_causal_mask"],
          "scores": false, "nanoseconds": TIME})";
  auto layer = read_layer(path("layer.json"), "");
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  const auto line = [&](const std::string& size, const std::string& time) {
    std::string text = from_text;
    const auto put = [&](const std::string& name, const std::string& with) {
      text.replace(text.find(name), name.size(), with);
    };
    put("FINGERPRINT", fmt::format("{:016x}", layer->graph.fingerprint));
    put("SIZE", size), put("TIME", time);
    std::erase(text, '\n');
    return text + "\n";
  };
  std::string log = line("9", "100") + line("3", "900") + line("9", "1000");
  log += log.substr(0, 40);  // a program is writing it
  write("calls.jsonl", log);
  const Said said =
      attnc("tune layer.json --calls calls.jsonl --target baseline --trials 1 --db t.db");
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(trials("t.db").runs.at(0).calls,
            "batch=1,query=9,key=9,feature=6 with use_causal_mask; "
            "batch=1,query=3,key=9,feature=6 with use_causal_mask");

  write("other.json",
        R"({"class_name": "MultiHeadAttention", "config": {"num_heads": 1, "key_dim": 4}})");
  refuses("tune other.json --calls calls.jsonl", 1,
          "--calls: calls.jsonl has no calls of the layers of other.json");
  for (const char* bad : {"[]", "{}", "null", "{\"fingerprint\": 3}", "\xff", ""}) {
    write("bad.jsonl", line("9", "1") + bad + "\n");
    refuses(
        "tune layer.json --calls bad.jsonl", 1,
        "bad.jsonl:2: expected a line of a call log, which ATTN_CALL_LOG makes a program write");
  }
}

TEST_F(Tune, CtrlCKeepsWhatWasFound) {
  write("cases.json", cases);
  const pid_t child = fork();
  if (child == 0) {
    const std::string cache = fmt::format("ATTNC_CACHE={}", TEST_CACHE);
    if (chdir(path(".").c_str()) != 0 || !freopen("out.txt", "w", stdout)) _exit(99);
    setpgid(0, 0);
    execl(ATTNC, ATTNC, "tune", "cases.json", "--case", "one", "--target", "baseline", "--seconds",
          "600", "--db", "t.db", nullptr);
    _exit(98);
  }
  for (int tries = 0; tries < 600; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    auto db = TuningDatabase::open_to_read(path("t.db"));
    if (!db.ok()) continue;
    auto runs = db->runs();
    if (!runs.ok() || runs->empty()) continue;
    auto some = db->trials(runs->front().name);
    if (some.ok() && some->size() >= 3) break;
  }
  kill(-child, SIGINT);  // as a terminal does: to the program and its children
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_NE(bytes_of(path("out.txt")).find(", stopped\n"), std::string::npos)
      << bytes_of(path("out.txt"));
  EXPECT_GE(trials("t.db").of.at(0).size(), 3u);
}

TEST_F(Tune, RefusesWithASentence) {
  write("cases.json", cases);
  write("layer.json",
        R"({"class_name": "MultiHeadAttention", "config": {"num_heads": 1, "key_dim": 4}})");
  write("none.db", "no database");
  refuses("tune layer.json", 1,
          "--shape: expected the lengths of a call to tune for, as T=512,S=512; there can be "
          "several");
  refuses("tune layer.json --shape T=4,S=4", 1,
          "--shape: the length of feature (E) is missing; layer has batch (B), query (T), key (S), "
          "feature (E)");
  refuses("tune layer.json --shape T=4,S=4,E=4,R=3", 1,
          "--shape: layer has no axis `R`; it has batch (B), query (T), key (S), feature (E)");
  refuses("tune layer.json --shape T=4,S=4,E=4 --with cache", 1,
          "--with: the layer has no input `cache`; it has query, value, key, attention_mask, "
          "query_mask, value_mask, key_mask, use_causal_mask");
  refuses("tune layer.json --case a --shape T=4,S=4,E=4", 1,
          "--case: layer.json is a layer, not a list of bench cases");
  refuses("tune cases.json --shape T=4", 1,
          "--shape: the cases of cases.json have their own shapes");
  refuses("tune nothing.json --shape T=4", 1, "nothing.json: no such file");
  refuses("tune cases.json --seconds nan", 2,
          "--seconds: expected a number between 0 and 1000000, got nan (`attnc tune --help` shows "
          "how)");
  const Said foreign = attnc("tune cases.json --case one --target baseline --db none.db");
  EXPECT_EQ(foreign.code, 1);
  EXPECT_EQ(foreign.err.find("attnc: none.db: "), 0u) << foreign.err;
  EXPECT_EQ(bytes_of(path("none.db")), "no database");
}

}  // namespace
}  // namespace attnc
