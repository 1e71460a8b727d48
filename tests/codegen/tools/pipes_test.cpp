// Schedules by processor: variants of a target for processors with one multiply-add pipe and with
// two, where their rows or their measured runs differ.
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "attn/runtime/library.h"
#include "attn/runtime/safetensors.h"
#include "attnc_shell.h"
#include "halide/schedule.h"
#include "tools/cache_key.h"
#include "tools/compiler.h"
#include "tune_samples.h"

namespace attnc {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* columns =
    "vector | rows | vectors | task_rows | query_tile | key_block | scores_query_tile";
constexpr const char* build_for_avx2 = "build l.json --target avx2 --shapes many -o ";
constexpr const char* with_rows = "ATTNC_SCHEDULES=.";

class Pipes : public Attnc {
 protected:
  void SetUp() override {
    Attnc::SetUp();
    write("l.json", R"({"num_heads": 1, "key_dim": 8})");
    unsetenv("ATTN_PROCESSOR");
  }
  /// Rows whose key_block tells them apart: "* 64", "2 32".
  void rows(const std::vector<std::pair<std::string, int>>& rows) {
    std::string text = fmt::format("pipes | {}\n", columns);
    for (const auto& [pipes, key_block] : rows)
      text += fmt::format("{} | 8 | 4 | 2 | 128 | 32 | {} | 16\n", pipes, key_block);
    write("avx2.txt", text);
  }
  std::string built(const std::string& folder, const std::string& options = "",
                    const std::string& environment = with_rows) {
    const Said said = attnc(build_for_avx2 + folder + " " + options, environment);
    EXPECT_EQ(said.code, 0) << said.err;
    said_ = said.out;
    return bytes_of(path(folder + "/libl.a"));
  }
  /// The plans in a folder, by variant: what follows the layer's name in their files.
  std::vector<std::string> variants(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(path(folder + "/l/stages"))) {
      const std::string name = file.path().filename().string(), end = ".plan.txt";
      if (name.ends_with(end)) names.push_back(name.substr(2, name.size() - 2 - end.size()));
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string shown(const std::string& options, const std::string& environment = with_rows) {
    const Said said = attnc("show l.json --target avx2 --stage " + options, environment);
    EXPECT_EQ(said.code, 0) << said.err;
    return said.out;
  }
  /// The lines of a plan that say where its numbers come from.
  static std::string schedule_lines(const std::string& plan) {
    const size_t begin = plan.find("\n  schedule"), end = plan.find("\n    vector ", begin);
    EXPECT_NE(end, plan.npos) << plan;
    return end == plan.npos ? "" : plan.substr(begin + 1, end - begin);
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
  }

  std::string said_;
};

TEST_F(Pipes, ALibraryHasAVariantWhereNumbersDiffer) {
  using Names = std::vector<std::string>;
  rows({{"*", 64}});
  const std::string plain = built("plain");
  EXPECT_EQ(variants("plain"), Names{"avx2"});
  EXPECT_TRUE(has(said_, ": 1 layer for 1 target, ")) << said_;

  rows({{"1", 64}, {"2", 32}, {"*", 64}});
  const std::string both = built("both");
  EXPECT_EQ(variants("both"), (Names{"avx2", "avx2_two_pipes"}));
  EXPECT_TRUE(has(said_, ": 1 layer for 1 target and 1 variant by the processor's pipes, "))
      << said_;
  EXPECT_EQ(json::parse(attnc(std::string(build_for_avx2) + "both --json", with_rows).out)
                .at("variants_by_pipes"),
            1);
  EXPECT_TRUE(has(both, "attn_l_l_avx2_two_pipes_output"));
  EXPECT_GT(both.size(), plain.size());

  rows({{"*", 64}, {"1", 16}, {"2", 32}});
  built("both");
  EXPECT_EQ(variants("both"), (Names{"avx2", "avx2_one_pipe", "avx2_two_pipes"}));

  // Equal numbers: the same library as without the rows, and the earlier build's plans are gone.
  rows({{"2", 64}, {"1", 64}, {"*", 64}});
  EXPECT_EQ(built("both"), plain);
  EXPECT_EQ(variants("both"), Names{"avx2"});
}

TEST_F(Pipes, ShowSaysWhichRowAndForWhichProcessors) {
  rows({{"*", 64}, {"2", 32}});
  const std::string general = shown("plan"), two = shown("plan --processor two_pipes");
  EXPECT_EQ(schedule_lines(general),
            "  schedule: $ATTNC_SCHEDULES/avx2.txt:2, for any dtype and head size\n"
            "    processors with 2 pipes take the variant avx2_two_pipes\n");
  EXPECT_EQ(schedule_lines(two),
            "  schedule: $ATTNC_SCHEDULES/avx2.txt:3, for processors with 2 pipes, any dtype and "
            "head size\n");
  EXPECT_TRUE(has(general, "(show, avx2)\n")) << general;
  EXPECT_TRUE(has(two, "(show, avx2, 2 pipes)\n")) << two;
  EXPECT_TRUE(has(general, " 64 keys a block")) << general;
  EXPECT_TRUE(has(two, " 32 keys a block")) << two;
  for (const char* any : {"any", "one_pipe"})
    EXPECT_EQ(shown(std::string("plan --processor ") + any), general);
  // The processor of whoever asks changes nothing.
  EXPECT_EQ(shown("plan", "ATTN_PROCESSOR=two_pipes ATTNC_SCHEDULES=."), general);
  EXPECT_TRUE(has(shown("loops --path output --processor two_pipes"),
                  "---- l (avx2_two_pipes), path output\n"));

  refuses("show l.json --stage graph --processor two_pipes", 1,
          "--processor: the stage graph does not depend on schedules; plan, algorithm, loops and "
          "assembly do");
  EXPECT_EQ(attnc("show l.json --stage plan --processor zen4").code, 2);
}

TEST_F(Pipes, TheTableListsThemBeforeTheOneForAny) {
  rows({{"*", 64}, {"1", 16}, {"2", 32}});
  built("out", "--shared");
  const auto library = attn::open(path("out/libl.so"));
  ASSERT_TRUE(library.ok()) << library.status().message();
  const attn_layer_table& table = **library->find("l");
  ASSERT_EQ(table.variant_count, 3);
  for (int v = 0; v < 3; ++v) {
    EXPECT_STREQ(table.variants[v].target, "avx2");
    EXPECT_EQ(table.variants[v].pipes, (v + 1) % 3);
  }
}

TEST_F(Pipes, RunCheckAndBenchTakeTheVariantOfTheProcessor) {
  if (!runs_here("avx2")) GTEST_SKIP() << "this processor does not run avx2";
  rows({{"*", 64}, {"2", 32}});
  const std::array<float, 16> x{1, 2, 3, 4};
  const attn::Tensor t(x.data(), {1, 1, 2, 8});
  ASSERT_TRUE(
      attn::save_safetensors(path("x.safetensors"), {{"query", t}, {"key", t}, {"value", t}}).ok());
  write("c.json", R"([{"name": "a", "T": 33, "D": 8, "Hq": 3}])");
  const std::string run =
      fmt::format("run {}:plain --target avx2 --inputs x.safetensors -o y --json", MAP_LAYERS);
  for (const std::string& command :
       {run, std::string("bench c.json --target avx2 --seconds 0 --threads 1")}) {
    for (const char* name : {"any", "one_pipe", "two_pipes"}) {
      const Said said = attnc(command, fmt::format("ATTN_PROCESSOR={} {}", name, with_rows));
      EXPECT_EQ(said.code, 0) << said.err;
      EXPECT_EQ(has(said.out, "avx2_two_pipes"), std::string(name) == "two_pipes") << said.out;
    }
  }
  const Said wrong = attnc(run, fmt::format("ATTN_PROCESSOR=zen4 {}", with_rows));
  EXPECT_EQ(wrong.code, 1);
  EXPECT_TRUE(has(wrong.err, "ATTN_PROCESSOR is `zen4`, expected any, one_pipe or two_pipes: "))
      << wrong.err;
  EXPECT_EQ(attnc(run, "ATTN_PROCESSOR=zen4").code, 0) << "a library without such variants";

  // check makes its calls on all of them.
  const Said checked =
      attnc(fmt::format("check {}/mha/self_basic.json --target avx2 -v", FIXTURES), with_rows);
  EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
  EXPECT_TRUE(has(checked.out, "avx2_two_pipes, call 0  max error ")) << checked.out;
  EXPECT_TRUE(has(checked.out, "avx2, call 0  max error ")) << checked.out;
}

// ---- measured runs

class TunedPipes : public Pipes {
 protected:
  /// Adds a run on a processor with so many pipes whose winner has this key_block.
  void add(int pipes, const std::string& day, int key_block) {
    auto db = TuningDatabase::open(path("tune.db"));
    ASSERT_TRUE(db.ok()) << db.status().message();
    TuningRun run = sample_run();
    run.fingerprint = read_layer(path("l.json"), "")->graph.fingerprint;
    run.target = "avx2", run.head_size = 8, run.pipes = pipes, run.l2_kib = 1024;
    run.started = day + "T12:00:00Z";
    const auto name = db->begin(run);
    ASSERT_TRUE(name.ok()) << name.status().message();
    Trial trial{.schedule = row_for("avx2", 8, 8)->schedule, .seconds = 8e-3, .ratio = 1};
    trial.accepted = true;
    ASSERT_TRUE(db->add(*name, trial).ok());
    trial.number = trial.generation = 1, trial.seconds = 6e-3, trial.ratio = 0.75;
    trial.schedule.key_block = key_block;
    ASSERT_TRUE(db->add(*name, trial).ok());
  }
  int key_block(const std::string& processor) {
    const std::string plan = shown("plan --tuned tune.db --processor " + processor, "");
    const size_t end = plan.find(" keys a block"), begin = plan.rfind(' ', end - 1);
    EXPECT_NE(end, plan.npos) << plan;
    return end == plan.npos ? 0 : std::stoi(plan.substr(begin + 1));
  }
};

TEST_F(TunedPipes, RunsOnSuchProcessorsComeBeforeOthers) {
  using Names = std::vector<std::string>;
  add(2, "2026-01-01", 32);
  // Better than nothing for all others: a library has one variant.
  for (const char* processor : {"any", "one_pipe", "two_pipes"})
    EXPECT_EQ(key_block(processor), 32) << processor;
  built("out", "--tuned tune.db", "");
  EXPECT_EQ(variants("out"), Names{"avx2"});

  add(1, "2026-02-01", 16);
  EXPECT_EQ(key_block("two_pipes"), 32);
  EXPECT_EQ(key_block("one_pipe"), 16);
  EXPECT_EQ(key_block("any"), 16) << "the later one";
  built("out", "--tuned tune.db", "");
  EXPECT_EQ(variants("out"), (Names{"avx2", "avx2_two_pipes"}));
  EXPECT_TRUE(said_.ends_with(" kB, 1 of 1 tuned\n")) << said_;

  add(0, "2026-03-01", 64);  // of version 1: on an unknown processor
  EXPECT_EQ(key_block("two_pipes"), 32);
  EXPECT_EQ(key_block("one_pipe"), 16);
  EXPECT_EQ(key_block("any"), 64);
}

TEST_F(TunedPipes, TheKeyOfABuiltLayerSaysOnWhichProcessorsRunsWere) {
  const auto key = [&] {
    const auto schedules = ScheduleSource::with_runs_of(path("tune.db"));
    EXPECT_TRUE(schedules.ok()) << schedules.status().message();
    return *cache_key(*read_layer(path("l.json"), ""), "avx2", *schedules);
  };
  add(1, "2026-01-01", 32);
  add(2, "2026-02-01", 16);
  const std::string before = key();
  fs::remove(path("tune.db"));
  add(2, "2026-01-01", 32);
  add(1, "2026-02-01", 16);
  EXPECT_NE(key(), before);
}

TEST_F(TunedPipes, ExportWritesARowForEachKindOfProcessors) {
  add(2, "2026-01-01", 32);
  add(1, "2026-02-01", 16);
  add(0, "2026-03-01", 64);
  ASSERT_EQ(attnc("tune export tune.db -o out").code, 0);
  const auto rows = read_schedules(bytes_of(path("out/avx2.txt")), "x", *find_target("avx2"));
  ASSERT_TRUE(rows.ok()) << rows.status().message();
  const auto key_block = [&](int pipes) {
    return best_row(*rows, 8, attn::DTypePolicy::float32, pipes)->schedule.key_block;
  };
  EXPECT_EQ(key_block(0), 64);
  EXPECT_EQ(key_block(1), 16);
  EXPECT_EQ(key_block(2), 32);
  EXPECT_EQ(best_row(*rows, 8, attn::DTypePolicy::float64, 2)->schedule.key_block,
            row_for("avx2", 8, 8)->schedule.key_block);
  // What was written makes the library that the runs make.
  EXPECT_EQ(built("file", "", "ATTNC_SCHEDULES=out"), built("tuned", "--tuned tune.db", ""));
}

TEST_F(TunedPipes, ShowSaysOnWhichProcessorsRunsWere) {
  add(2, "2026-01-01", 32);
  add(0, "2026-02-01", 16);
  const std::string out = attnc("tune show tune.db").out;
  EXPECT_TRUE(has(out, "2026-01-01  model::encoder  avx2_two_pipes  ")) << out;
  EXPECT_TRUE(has(out, "2026-02-01  model::encoder  avx2  ")) << out;
  const auto runs = json::parse(attnc("tune show tune.db --json").out);
  EXPECT_EQ(runs.at(0).at("pipes"), 2);
  EXPECT_EQ(runs.at(0).at("l2_kib"), 1024);
  EXPECT_EQ(runs.at(1).at("pipes"), 0);
}

TEST_F(Pipes, TuneBeginsWithTheRowOfItsProcessorAndKeepsItsKind) {
  if (!runs_here("avx2")) GTEST_SKIP() << "this processor does not run avx2";
  rows({{"*", 64}, {"2", 32}});
  write("c.json", R"([{"name": "small", "T": 24, "S": 40, "D": 8}])");
  for (const auto& [name, pipes, key_block] :
       {std::tuple("two_pipes", 2, 32), {"one_pipe", 1, 64}, {"any", 0, 64}}) {
    fs::remove(path("t.db"));
    const Said said = attnc("tune c.json --target avx2 --trials 1 --db t.db",
                            fmt::format("ATTN_PROCESSOR={} {}", name, with_rows));
    ASSERT_EQ(said.code, 0) << said.err;
    const auto db = TuningDatabase::open_to_read(path("t.db"));
    ASSERT_TRUE(db.ok()) << db.status().message();
    const TuningRun run = db->runs()->at(0);
    EXPECT_EQ(run.pipes, pipes);
    EXPECT_GE(run.l2_kib, 0);
    EXPECT_EQ(db->trials(run.name)->at(0).schedule.key_block, key_block);
  }
  const Said wrong = attnc("tune c.json --target avx2 --trials 1 --db t.db", "ATTN_PROCESSOR=zen4");
  EXPECT_EQ(wrong.code, 1);
  EXPECT_TRUE(wrong.err.starts_with("attnc: small: ATTN_PROCESSOR is `zen4`, expected any, "))
      << wrong.err;
}

}  // namespace
}  // namespace attnc
