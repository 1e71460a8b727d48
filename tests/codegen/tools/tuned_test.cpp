// --tuned FILE: layers are built with the numbers that were measured for them.
#include <array>
#include <filesystem>
#include <vector>

#include "attn/runtime/safetensors.h"
#include "attnc_shell.h"
#include "halide/schedule.h"
#include "tools/bench/cases.h"
#include "tools/cache_key.h"
#include "tools/compiler.h"
#include "tools/fixture.h"
#include "tune_samples.h"

namespace attnc {
namespace {

namespace fs = std::filesystem;

constexpr const char* layer_json = R"({"num_heads": 1, "key_dim": 8})";
/// One kernel, for the target baseline.
constexpr const char* build_it = "build l.json --target baseline --shapes many -o ";
constexpr const char* no_run = "tune.db: no run found anything faster for this layer and target\n";

class Tuned : public Attnc {
 protected:
  void SetUp() override {
    Attnc::SetUp();
    write("l.json", layer_json);
  }
  uint64_t fingerprint() { return read_layer(path("l.json"), "")->graph.fingerprint; }

  static TuningRun run_for(uint64_t fingerprint, const std::string& day = "2026-11-27") {
    TuningRun run = sample_run();
    run.fingerprint = fingerprint;
    run.target = "baseline";
    run.head_size = 8;
    run.calls = "T=512,S=512,E=768";
    run.started = day + "T12:00:00Z";
    return run;
  }
  /// Adds a run that began with the row of its target.
  void add(const TuningRun& run, const Schedule& winner, const std::string& file = "tune.db") {
    auto db = TuningDatabase::open(path(file));
    ASSERT_TRUE(db.ok()) << db.status().message();
    const auto name = db->begin(run);
    ASSERT_TRUE(name.ok()) << name.status().message();
    for (const Trial& trial :
         {Trial{.number = 0,
         .schedule = row_for(run.target, run.head_size, run.head_size)->schedule,
         .seconds = 8e-3,
         .ratio = 1,
         .accepted = true},
          Trial{.number = 1,
          .generation = 1,
          .schedule = winner,
          .seconds = 6e-3,
          .ratio = 0.75,
          .accepted = true}}) {
      const Status s = db->add(*name, trial);
      ASSERT_TRUE(s.ok()) << s.message();
    }
  }
  /// Whose winner differs in this number from the row.
  void add(const TuningRun& run, int key_block, const std::string& file = "tune.db") {
    Schedule winner = row_for(run.target, run.head_size, run.head_size)->schedule;
    winner.key_block = key_block;
    add(run, winner, file);
  }
  std::string built(const std::string& folder, const std::string& options = "",
                    const std::string& environment = "") {
    const Said said = attnc(build_it + folder + " " + options, environment);
    EXPECT_EQ(said.code, 0) << said.err;
    return bytes_of(path(folder + "/libl.a"));
  }
  std::string plan_of(const std::string& folder) {
    return bytes_of(path(folder + "/l/stages/l.baseline.plan.txt"));
  }
  /// The lines of a plan under its paths, up to the numbers.
  static std::string schedule_lines(const std::string& plan) {
    const size_t begin = plan.find("\n  schedule"), end = plan.find("\n    vector ", begin);
    EXPECT_NE(begin, plan.npos) << plan;
    EXPECT_NE(end, plan.npos) << plan;
    return begin == plan.npos || end == plan.npos ? "" : plan.substr(begin + 1, end - begin);
  }
  /// "codegen/schedules/baseline.txt:4, for any dtype and head size"
  static std::string row_before() { return place_of(*row_for("baseline", 8, 8)); }
};

TEST_F(Tuned, KernelsHaveTheNumbersOfTheirRuns) {
  add(run_for(fingerprint()), 32);
  const std::string plain = built("plain"), tuned = built("tuned", "--tuned tune.db");
  EXPECT_NE(plain, "");
  EXPECT_NE(tuned, plain);
  // As from a schedule file with these numbers.
  ASSERT_EQ(attnc("tune export tune.db -o schedules").code, 0);
  EXPECT_EQ(built("file", "", "ATTNC_SCHEDULES=schedules"), tuned);
  EXPECT_TRUE(
      schedule_lines(plan_of("file")).starts_with("  schedule: $ATTNC_SCHEDULES/baseline.txt:"))
      << plan_of("file");
  EXPECT_TRUE(schedule_lines(plan_of("file")).ends_with(", for float32 and heads of at most 8\n"))
      << plan_of("file");
  // Numbers that the runs do not give are those of the file.
  EXPECT_EQ(built("both", "--tuned tune.db", "ATTNC_SCHEDULES=schedules"), tuned);
}

TEST_F(Tuned, RunsForOtherLayersAndTargetsChangeNothing) {
  add(run_for(fingerprint() + 1), 32);
  TuningRun other = run_for(fingerprint());
  other.target = "avx2";
  add(other, 32);
  EXPECT_EQ(built("tuned", "--tuned tune.db"), built("plain"));
  EXPECT_EQ(schedule_lines(plan_of("plain")), "  schedule: " + row_before() + "\n");
  EXPECT_EQ(schedule_lines(plan_of("tuned")), "  schedule: " + row_before() + "\n    " + no_run);
}

TEST_F(Tuned, EachTargetHasItsOwnRuns) {
  add(run_for(fingerprint()), 32);
  const std::string build =
      "build l.json --target avx2,baseline --shapes one -o out --tuned tune.db";
  EXPECT_TRUE(attnc(build).out.ends_with(" kB, 1 of 2 tuned\n"));
  EXPECT_NE(attnc(build + " --json").out.find("\"tuned\": 1"), std::string::npos);
  for (const bool tuned : {true, false}) {
    const std::string target = tuned ? "baseline" : "avx2";
    const Said said = attnc("show l.json --stage plan --tuned tune.db --target " + target);
    EXPECT_EQ(said.code, 0) << said.err;
    EXPECT_EQ(said.out.find(" 32 keys a block") != said.out.npos, tuned) << said.out;
    EXPECT_EQ(said.out.find(no_run) == said.out.npos, tuned) << said.out;
  }
}

TEST_F(Tuned, ShowSaysWhichRunsGaveNumbers) {
  const std::string show = "show l.json --stage plan --target avx2";
  const std::string row = place_of(*row_for("avx2", 8, 8));
  EXPECT_TRUE(row.starts_with("codegen/schedules/avx2.txt:")) << row;
  EXPECT_EQ(schedule_lines(attnc(show).out), "  schedule: " + row + "\n");

  fs::create_directory(path("folder"));
  const auto add_run = [&](const std::string& day, const std::string& families,
                           const Schedule& winner, const std::string& processor,
                           const std::string& calls) {
    TuningRun run = run_for(fingerprint(), day);
    run.target = "avx2", run.families = families, run.processor = processor, run.calls = calls;
    add(run, winner, "folder/tune.db");
  };
  Schedule winner = row_for("avx2", 8, 8)->schedule;
  winner.vector = 4, winner.few_keys = 100;  // a multiple of 4, and not of 8
  add_run("2026-01-01", "few", winner, "a processor", "T=4,S=512");
  winner.vector = 8, winner.few_keys = 256;
  add_run("2026-02-02", "decode", winner, "", "odd\n" + std::string(200, 'x'));
  winner.key_block = 32;
  add_run("2026-03-03", "online", winner, "a processor", "T=512,S=512");
  const Said tuned = attnc(show + " --tuned folder/tune.db");
  EXPECT_EQ(tuned.code, 0) << tuned.err;
  EXPECT_EQ(schedule_lines(tuned.out),
            fmt::format("  schedule: {}\n"
                        "    numbers of tune.db: run of 2026-02-02 on an unknown processor (odd?{}"
                        "...): 0.75 of the time\n"
                        "    numbers of tune.db: run of 2026-03-03 on a processor (T=512,S=512): "
                        "0.75 of the time\n"
                        "    left out tune.db: run of 2026-01-01 on a processor (T=4,S=512): "
                        "impossible together with later runs\n",
                        row, std::string(116, 'x')));

  // The other stages are of the same kernels.
  const std::string loops = "show l.json --stage loops --path output --target avx2";
  EXPECT_NE(attnc(loops + " --tuned folder/tune.db").out, attnc(loops).out);
}

TEST_F(Tuned, TheDatabaseIsADependency) {
  fs::create_directory(path("my folder"));
  add(run_for(fingerprint()), 32, "my folder/tune.db");
  built("out", "--tuned 'my folder/tune.db' --depfile out/d");
  const std::string rule = bytes_of(path("out/d"));
  EXPECT_NE(rule.find(" \\\n  l.json \\\n  my\\ folder/tune.db \\\n  out/l/l.attn.h"), rule.npos)
      << rule;
  built("out", "--depfile out/d");
  EXPECT_EQ(bytes_of(path("out/d")).find("tune.db"), std::string::npos);
}

// ---- layers that attnc builds for itself

TEST_F(Tuned, TheKeyOfABuiltLayerHasItsNumbers) {
  const SourceLayer layer = *read_layer(path("l.json"), "");
  const auto key = [&](const std::string& file, const std::string& target = "baseline") {
    const auto schedules = ScheduleSource::with_runs_of(file.empty() ? "" : path(file));
    EXPECT_TRUE(schedules.ok()) << schedules.status().message();
    const auto k = cache_key(layer, target, *schedules);
    EXPECT_TRUE(k.ok()) << k.status().message();
    return *k;
  };
  const std::string plain = key("");
  EXPECT_EQ(plain, *cache_key(layer, "baseline"));
  add(run_for(fingerprint() + 1), 32, "a.db");
  EXPECT_EQ(key("a.db"), plain) << "a run for another layer";
  add(run_for(fingerprint()), 32, "a.db");
  const std::string tuned = key("a.db");
  EXPECT_NE(tuned, plain);
  EXPECT_EQ(key("a.db", "avx2"), key("", "avx2")) << "a run for another target";
  add(run_for(fingerprint(), "2026-12-01"), 32, "b.db");
  EXPECT_EQ(key("b.db"), tuned) << "the same numbers in another file";
  add(run_for(fingerprint(), "2026-12-02"), 64, "b.db");
  EXPECT_NE(key("b.db"), tuned);
  Schedule row = row_for("baseline", 8, 8)->schedule;
  const std::string fixed = *cache_key(layer, "baseline", row);
  EXPECT_NE(fixed, plain);
  row.key_block = 32;
  EXPECT_NE(*cache_key(layer, "baseline", row), fixed);
}

TEST_F(Tuned, RunCheckAndBenchCallSuchKernels) {
  const std::string fixture = std::string(FIXTURES) + "/mha/self_basic.json";
  const auto recorded = read_fixture(fixture);
  ASSERT_TRUE(recorded.ok()) << recorded.status().message();
  add(run_for(attn::fingerprint(recorded->description)), 32);
  const SourceLayer plain = *read_layer(std::string(MAP_LAYERS) + ":plain", "");
  add(run_for(plain.graph.fingerprint), 32);
  write("c.json", R"([{"name": "a", "T": 3, "D": 8, "Hq": 3}])");
  const auto cases = read_bench_cases(path("c.json"));
  ASSERT_TRUE(cases.ok()) << cases.status().message();
  add(run_for(attn::fingerprint(description_of(cases->at(0)))), 32);
  const std::array<float, 16> x{1, 2, 3, 4};
  const attn::Tensor t(x.data(), {1, 1, 2, 8});
  ASSERT_TRUE(
      attn::save_safetensors(path("x.safetensors"), {{"query", t}, {"key", t}, {"value", t}}).ok());
  for (const std::string& command :
       {"check " + fixture, fmt::format("run {}:plain --inputs x.safetensors -o y", MAP_LAYERS),
        std::string("bench c.json --seconds 0 --threads 1")}) {
    fs::remove_all(path("cache"));
    size_t entries = 0;
    for (const char* tuned : {"", " --tuned tune.db", " --tuned tune.db"}) {
      const Said said = attnc(command + " --target baseline" + tuned, "ATTNC_CACHE=cache");
      EXPECT_EQ(said.code, 0) << command << tuned << said.err << said.out;
      entries = 0;
      for (const auto& file : fs::directory_iterator(path("cache")))
        entries += file.path().extension() == ".so";
      EXPECT_EQ(entries, *tuned ? 2u : 1u) << command << tuned;
    }
  }
}

// ---- misuse

TEST_F(Tuned, FilesThatAreNoDatabase) {
  write("soup", "soup");
  write("x.safetensors", "");
  write("c.json", R"([{"name": "a", "T": 3, "D": 8}])");
  for (const std::string& command :
       {build_it + std::string("out"), std::string("show l.json --stage plan"),
        std::string("run l.json --inputs x.safetensors -o y"), std::string("check ."),
        std::string("bench c.json")}) {
    refuses(command + " --tuned no.db", 1, "no.db: there is no such file");
    refuses(command + " --tuned soup", 1,
            "soup: expected a database of `attnc tune`, got a file of another kind");
    refuses(command + " --tuned ''", 2,
            fmt::format("--tuned: has no name (`attnc {} --help` shows how)",
                        command.substr(0, command.find(' '))));
  }
  EXPECT_FALSE(fs::exists(path("out")));
  EXPECT_FALSE(fs::exists(path("no.db")));
  EXPECT_EQ(bytes_of(path("soup")), "soup");
  for (const char* stage : {"config", "graph", "passes"}) {
    refuses(
        fmt::format("show l.json --tuned soup --stage {}", stage), 1,
        fmt::format("--tuned: the stage {} does not depend on schedules; plan, algorithm, loops "
                    "and assembly do",
                    stage));
  }
}

}  // namespace
}  // namespace attnc
