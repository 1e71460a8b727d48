// From measured trials to schedules: files that attnc reads, the schedule of one layer, and the
// commands `attnc tune export`, `merge` and `show`.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "attnc_shell.h"
#include "tools/tune/export.h"
#include "tune_samples.h"

namespace attnc {
namespace {

using attn::DTypePolicy;
namespace fs = std::filesystem;

/// A schedule of avx2, in which every number is possible.
Schedule start() {
  Schedule s;
  s.vector = 8, s.tile_vectors = 2;
  return s;
}

class TuneExport : public Attnc {
 protected:
  TuningDatabase open(const std::string& name = "tune.db") {
    Result<TuningDatabase> db = TuningDatabase::open(path(name));
    if (!db.ok()) throw std::runtime_error(db.status().message());
    return *std::move(db);
  }
  /// Adds a run for avx2 with two trials, of which the second one takes `ratio` of the time.
  void add(TuningDatabase& db, const TuningRun& run, const Schedule& winner, double ratio = 0.5) {
    const auto name = db.begin(run);
    ASSERT_TRUE(name.ok()) << name.status().message();
    for (const Trial& trial :
         {Trial{.number = 0, .schedule = start(), .seconds = 8e-3, .ratio = 1, .accepted = true},
          Trial{.number = 1,
          .generation = 1,
          .schedule = winner,
          .seconds = 8e-3 * ratio,
          .ratio = ratio,
          .accepted = ratio < 1}}) {
      const Status s = db.add(*name, trial);
      ASSERT_TRUE(s.ok()) << s.message();
    }
  }
  static TuningRun run_of(const std::string& families, const std::string& day = "2026-11-27") {
    TuningRun run = sample_run();
    run.target = "avx2";
    run.families = families;
    run.started = day + "T12:00:00Z";
    return run;
  }
  static std::string text_of_target(const TuningDatabase& db, const std::string& target = "avx2") {
    const auto files = schedule_files_of(db);
    EXPECT_TRUE(files.ok()) << files.status().message();
    return files.ok() && files->contains(target) ? files->at(target) : "";
  }
  static std::vector<ScheduleRow> rows_in(const std::string& text) {
    const auto rows = read_schedules(text, "x.txt", *find_target("avx2"));
    EXPECT_TRUE(rows.ok()) << rows.status().message() << "\n" << text;
    return rows.ok() ? *rows : std::vector<ScheduleRow>();
  }
  static std::vector<ScheduleRow> rows_of(const TuningDatabase& db) {
    return rows_in(text_of_target(db));
  }
  static std::vector<ScheduleRow> rows_before() { return rows_in(schedule_file("avx2")->text); }
  static void expect_same(const ScheduleRow& a, const ScheduleRow& b) {
    EXPECT_EQ(text_of(a.schedule), text_of(b.schedule));
    EXPECT_EQ(std::tie(a.dtype, a.head_size, a.pipes, a.measured, a.processor, a.date),
              std::tie(b.dtype, b.head_size, b.pipes, b.measured, b.processor, b.date));
  }
};

TEST_F(TuneExport, ARowForTheLayersThatWereTunedBesideThoseThatWereThere) {
  TuningDatabase db = open();
  Schedule winner = start();
  winner.key_block = 512, winner.decode_keys = 1024;
  add(db, run_of("projections online"), winner, 0.92);
  const auto before = rows_before(), rows = rows_of(db);
  ASSERT_EQ(rows.size(), before.size() + 1);
  for (size_t r = 0; r < before.size(); ++r) expect_same(rows[r], before[r]);
  const ScheduleRow& row = rows.back();
  EXPECT_EQ(row.dtype, DTypePolicy::float32);
  EXPECT_EQ(row.head_size, 64);
  EXPECT_EQ(row.processor, "a processor");
  EXPECT_EQ(row.date, "2026-11-27");
  EXPECT_EQ(row.measured,
            "tuned: model::encoder, batch=1,query=512,key=512, 1 thread: 0.92 of the time of the "
            "row before");
  // Numbers that calls of other families read are those of the row before.
  const Schedule& was = row_for("avx2", 64, 64)->schedule;
  for (const ScheduleColumn& c : schedule_columns) {
    const bool used = (c.used_by & (use_projections | use_online)) != 0;
    EXPECT_EQ(row.schedule.*c.number, used ? winner.*c.number : was.*c.number) << c.name;
  }
  EXPECT_EQ(row.schedule.key_block, 512);
  EXPECT_EQ(row.schedule.decode_keys, was.decode_keys);
}

TEST_F(TuneExport, RunsOfSeveralFamiliesAddUpAndTheLatestCounts) {
  TuningDatabase db = open();
  Schedule one = start(), other = start(), last = start();
  one.key_block = 512, one.task_rows = 32;
  other.decode_keys = 1024;
  last.key_block = 1024, last.task_rows = 64;
  // Added in another order than that of their time.
  add(db, run_of("online", "2026-03-01"), last, 0.75);
  add(db, run_of("projections online", "2026-01-01"), one);
  add(db, run_of("decode", "2026-02-01"), other);
  const auto rows = rows_of(db);
  const ScheduleRow& row = rows.back();
  EXPECT_EQ(row.schedule.task_rows, 32);
  EXPECT_EQ(row.schedule.decode_keys, 1024);
  EXPECT_EQ(row.schedule.key_block, 1024);
  EXPECT_EQ(row.date, "2026-03-01");
  EXPECT_EQ(std::count(row.measured.begin(), row.measured.end(), ';'), 2);
  EXPECT_TRUE(row.measured.ends_with("0.75 of the time of the row before")) << row.measured;

  // A run of which nothing is left is not mentioned.
  add(db, run_of("projections online", "2026-04-01"), one, 0.25);
  const auto measured = rows_of(db).back().measured;
  EXPECT_EQ(std::count(measured.begin(), measured.end(), ';'), 1) << measured;
}

TEST_F(TuneExport, RowsOfOtherDtypesAndSizes) {
  TuningDatabase db = open();
  for (const auto& [dtype, size] :
       {std::pair{"float32", 128}, {"bfloat16", 64}, {"float32", 64}, {"float64", 64}}) {
    TuningRun run = run_of("online");
    run.dtype = dtype, run.head_size = size;
    Schedule winner = start();
    winner.key_block = 2 * size;
    add(db, run, winner);
  }
  const auto rows = rows_of(db);
  ASSERT_EQ(rows.size(), rows_before().size() + 4);
  // In an order that does not depend on the runs'.
  std::vector<std::pair<std::string, int>> order;
  for (size_t r = rows.size() - 4; r < rows.size(); ++r) {
    order.emplace_back(attn::policy_names[static_cast<size_t>(*rows[r].dtype)], *rows[r].head_size);
    EXPECT_EQ(rows[r].schedule.key_block, 2 * *rows[r].head_size);
  }
  EXPECT_EQ(order, (std::vector<std::pair<std::string, int>>{
                       {"float32", 64}, {"float32", 128}, {"float64", 64}, {"bfloat16", 64}}));
}

TEST_F(TuneExport, NumbersOfFloat64AreHalvedOnce) {
  TuningDatabase db = open();
  TuningRun run = run_of("projections online few");
  run.dtype = "float64";
  Schedule winner = start();
  winner.tile_rows = 8;
  add(db, run, winner);
  write("avx2.txt", text_of_target(db));
  const Variable schedules("ATTNC_SCHEDULES", path("."));
  const auto schedule = schedule_for("avx2", 64, 64, DTypePolicy::float64);
  ASSERT_TRUE(schedule.ok()) << schedule.status().message();
  EXPECT_EQ(schedule->vector, 4);
  EXPECT_EQ(schedule->tile_rows, 4);
  EXPECT_EQ(text_of(*schedule),
            text_of(adapted(row_for("avx2", 64, 64, DTypePolicy::float64)->schedule,
                            DTypePolicy::float64)));
  EXPECT_EQ(schedule_for("avx2", 64, 64)->vector, 8);
}

TEST_F(TuneExport, RunsThatFoundNothingAddNothing) {
  TuningDatabase db = open();
  EXPECT_TRUE(schedule_files_of(db)->empty());
  Schedule other = start();
  other.key_block = 512;
  add(db, run_of("online"), other, 1.5);
  ASSERT_TRUE(db.begin(run_of("online")).ok());  // without a trial
  TuningRun unmeasured = run_of("online");
  unmeasured.name = std::string(32, '1');
  ASSERT_TRUE(db.begin(unmeasured).ok());
  ASSERT_TRUE(db.add(unmeasured.name, {.number = 0, .schedule = other, .accepted = true}).ok());
  ASSERT_TRUE(
      db.add(unmeasured.name, {.number = 1, .schedule = other, .seconds = 1, .accepted = true})
          .ok());
  const auto before = rows_before(), rows = rows_of(db);
  ASSERT_EQ(rows.size(), before.size());
  for (size_t r = 0; r < before.size(); ++r) expect_same(rows[r], before[r]);
}

TEST_F(TuneExport, ATunedRowReplacesTheRowForTheSameLayers) {
  TuningDatabase db = open();
  Schedule winner = start();
  winner.key_block = 512;
  add(db, run_of("online"), winner);
  write("avx2.txt",
        "# a comment\n"
        "head_size | dtype | vector | rows | vectors | task_rows | query_tile | key_block | "
        "scores_query_tile\n"
        "64 | float32 | 8 | 4 | 2 | 256 | 64 | 256 | 16\n"
        "* | * | 8 | 4 | 2 | 128 | 64 | 128 | 32\n");
  const Variable schedules("ATTNC_SCHEDULES", path("."));
  const std::string text = text_of_target(db);
  EXPECT_EQ(text.find("a comment"), text.npos);
  const auto rows = rows_in(text);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].head_size, 64);
  EXPECT_EQ(rows[0].schedule.key_block, 512);
  EXPECT_EQ(rows[0].schedule.task_rows, 256);  // the row's own: projections were not tuned
  EXPECT_EQ(rows[1].schedule.key_block, 128);
  EXPECT_EQ(rows[1].measured, "not recorded");

  // What was written can be the base of the next export.
  write("avx2.txt", text);
  EXPECT_EQ(text_of_target(db), text);
  write("avx2.txt",
        "head_size | vector | rows | vectors | task_rows | query_tile | key_block | "
        "scores_query_tile\n32 | 8 | 4 | 2 | 256 | 64 | 256 | 16\n");
  EXPECT_EQ(schedule_files_of(db).status().message(),
            path(".") +
                "/avx2.txt: has no row that a row for heads of size 64 in float32 could "
                "begin with");
}

TEST_F(TuneExport, TextsDoNotBreakTheRow) {
  TuningDatabase db = open();
  TuningRun run = run_of("online");
  run.layer = "a|b\n| * | 8\r\t\x1b[31m";
  run.calls = "x=1; " + std::string(500, 'y') + "\xe2\x82\xac";
  run.processor = " ";
  Schedule winner = start();
  winner.key_block = 512;
  add(db, run, winner);
  const auto rows = rows_of(db);
  ASSERT_EQ(rows.size(), rows_before().size() + 1);
  EXPECT_EQ(rows.back().processor, "not recorded");
  EXPECT_TRUE(rows.back().measured.starts_with("tuned: a/b?/ * / 8???[31m, x=1; yyy"))
      << rows.back().measured;
  EXPECT_LT(rows.back().measured.size(), 300u);
}

TEST_F(TuneExport, TheSameRunsGiveTheSameBytes) {
  TuningDatabase a = open("a.db"), b = open("b.db"), ab = open("ab.db"), ba = open("ba.db");
  for (const char* families : {"online", "decode", "few"}) {
    for (TuningDatabase* db : {&a, &b}) {
      Schedule winner = start();
      winner.key_block = db == &a ? 512 : 1024;
      add(*db, run_of(families), winner);
    }
  }
  ASSERT_TRUE(ab.merge(a).ok() && ab.merge(b).ok() && ba.merge(b).ok() && ba.merge(a).ok());
  EXPECT_EQ(text_of_target(ab), text_of_target(ba));
  EXPECT_NE(text_of_target(ab), "");
}

TEST_F(TuneExport, NumbersThatAreImpossibleTogetherAreThoseOfTheLaterRun) {
  TuningDatabase db = open();
  Schedule narrow = start(), wide = start();
  narrow.vector = 4, narrow.few_keys = 100;  // a multiple of 4, and not of 8
  wide.key_block = 512;
  add(db, run_of("few", "2026-01-01"), narrow);
  add(db, run_of("online", "2026-02-01"), wide);
  const ScheduleRow row = rows_of(db).back();
  EXPECT_EQ(row.schedule.vector, 8);
  EXPECT_EQ(row.schedule.key_block, 512);
  EXPECT_NE(row.schedule.few_keys, 100);

  const auto runs = tuned_runs(db);
  ASSERT_TRUE(runs.ok());
  const TunedSchedule tuned =
      tuned_schedule(*runs, sample_run().fingerprint, *find_target("avx2"), start());
  EXPECT_EQ(tuned.used, std::vector{&(*runs)[1]});
  EXPECT_EQ(tuned.left_out, std::vector{&(*runs)[0]});
}

TEST_F(TuneExport, TheScheduleOfALayerIsThatOfItsOwnRuns) {
  TuningDatabase db = open();
  Schedule winner = start();
  winner.key_block = 512, winner.decode_keys = 1024;
  add(db, run_of("online"), winner);
  TuningRun other_layer = run_of("decode"), other_target = run_of("decode"), slower = other_layer;
  other_layer.fingerprint = 1;
  other_target.target = "baseline";
  add(db, other_layer, winner);
  add(db, other_target, winner);
  add(db, run_of("decode"), winner, 1.1);
  const auto runs = tuned_runs(db);
  ASSERT_TRUE(runs.ok()) << runs.status().message();
  Schedule row = start();
  row.decode_keys = 256, row.pack_rows = 16;
  const auto of = [&](uint64_t fingerprint) {
    return tuned_schedule(*runs, fingerprint, *find_target("avx2"), row);
  };
  const TunedSchedule tuned = of(sample_run().fingerprint);
  ASSERT_EQ(tuned.used.size(), 1u);
  EXPECT_EQ(tuned.used[0]->run.families, "online");
  EXPECT_TRUE(tuned.left_out.empty());
  EXPECT_EQ(tuned.schedule.key_block, 512);
  EXPECT_EQ(tuned.schedule.decode_keys, 256);
  EXPECT_EQ(of(1).schedule.decode_keys, 1024);
  EXPECT_TRUE(of(2).used.empty());
  EXPECT_EQ(text_of(of(2).schedule), text_of(row));
}

TEST_F(TuneExport, ATargetThatAttncDoesNotKnow) {
  TuningDatabase db = open();
  TuningRun run = run_of("online");
  run.name = std::string(32, 'a');
  run.target = "avx1024\n";
  ASSERT_TRUE(db.begin(run).ok());
  EXPECT_EQ(schedule_files_of(db).status().message(),
            fmt::format("{}: run {}: there is no target `avx1024?`; attnc knows {}",
                        path("tune.db"), run.name, target_list()));
}

// ---- the commands

TEST_F(TuneExport, ExportWritesFilesThatBuildsRead) {
  {
    TuningDatabase db = open();
    Schedule winner = start();
    winner.key_block = 512;
    add(db, run_of("online"), winner);
    TuningRun other = run_of("online");
    other.target = "baseline";
    ASSERT_TRUE(db.begin(other).ok());
    open("empty.db");
  }
  const size_t rows = rows_before().size();
  const Said said = attnc("tune export tune.db -o out/schedules");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, fmt::format("out/schedules/avx2.txt: {} rows, 1 tuned\n"
                                  "out/schedules/baseline.txt: 1 row, 0 tuned\n",
                                  rows + 1));
  EXPECT_EQ(bytes_of(path("out/schedules/avx2.txt")), text_of_target(open()));
  std::set<std::string> files;
  for (const auto& file : fs::directory_iterator(path("out/schedules")))
    files.insert(file.path().filename());
  EXPECT_EQ(files, (std::set<std::string>{"avx2.txt", "baseline.txt"}));
  write("l.json", R"({"num_heads": 1, "key_dim": 64})");
  const Said plan =
      attnc("show l.json --stage plan --target avx2", "ATTNC_SCHEDULES=out/schedules");
  EXPECT_NE(plan.out.find("512 keys a block"), std::string::npos) << plan.out << plan.err;

  const Said none = attnc("tune export empty.db -o nothing");
  EXPECT_EQ(none.code, 0) << none.err;
  EXPECT_EQ(none.out, "empty.db: has no runs: there is nothing to write\n");
  EXPECT_FALSE(fs::exists(path("nothing")));
  write("file", "");
  refuses("tune export tune.db -o file/x", 1, "the folder file/x cannot be made: Not a directory");
}

TEST_F(TuneExport, MergeAddsRuns) {
  {
    TuningDatabase a = open("a.db"), b = open("b.db");
    add(a, run_of("online"), start(), 0.5);
    add(a, run_of("few"), start(), 0.5);
    add(b, run_of("decode"), start(), 0.5);
  }
  const Said said = attnc("tune merge a.db b.db -o all.db");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, "a.db: 2 new runs\nb.db: 1 new run\n");
  EXPECT_EQ(attnc("tune merge a.db all.db -o all.db").out,
            "a.db: 0 new runs\nall.db: 0 new runs\n");
  EXPECT_EQ(open("all.db").runs()->size(), 3u);

  write("soup", "soup");
  refuses("tune merge a.db soup -o none.db", 1,
          "soup: expected a database of `attnc tune`, got a file of another kind");
  refuses("tune merge a.db no.db -o none.db", 1, "no.db: there is no such file");
  EXPECT_FALSE(fs::exists(path("none.db")));
  refuses("tune merge a.db -o soup", 1,
          "soup: expected a database of `attnc tune`, got a file of another kind");
}

TEST_F(TuneExport, ShowPrintsALineARun) {
  TuningRun counted = run_of("online", "2026-01-01");
  {
    TuningDatabase db = open();
    Schedule winner = start();
    winner.key_block = 512, winner.tile_rows = 8;
    counted.operations = 4e-3 * 0.9 * 100e9;
    counted.threads = 2;
    add(db, counted, winner, 0.5);
    TuningRun slow = run_of("decode", "2026-02-01");
    slow.operations = 0;
    slow.layer = "odd\n\x1b[31mname";
    add(db, slow, winner, 2);
    TuningRun begun = run_of("few", "2026-03-01");
    ASSERT_TRUE(db.begin(begun).ok());
  }
  const Said said = attnc("tune show tune.db");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out,
            "2026-01-01  model::encoder  avx2  batch=1,query=512,key=512  2 threads  2 trials  "
            "8.000 ms -> 4.000 ms (0.50)  90 % of the multiply-add limit  rows 4 -> 8, key_block "
            "256 -> 512\n"
            "2026-02-01  odd??[31mname  avx2  batch=1,query=512,key=512  1 thread  2 trials  "
            "8.000 ms  nothing faster\n"
            "2026-03-01  model::encoder  avx2  batch=1,query=512,key=512  1 thread  0 trials  not "
            "measured\n");

  const auto json = nlohmann::json::parse(attnc("tune show tune.db --json").out);
  ASSERT_EQ(json.size(), 3u);
  EXPECT_EQ(json[0]["layer"], "model::encoder");
  EXPECT_EQ(json[0]["fingerprint"], "0x0123456789abcdef");
  EXPECT_EQ(json[0]["trials"], 2);
  EXPECT_EQ(json[0]["measured"], 2);
  EXPECT_EQ(json[0]["seconds_before"], 8e-3);
  EXPECT_EQ(json[0]["seconds_after"], 4e-3);
  EXPECT_EQ(json[0]["ratio"], 0.5);
  EXPECT_NEAR(json[0]["of_fma_limit"].get<double>(), 0.9, 1e-9);
  EXPECT_EQ(json[0]["changes"], nlohmann::json::parse(R"({"rows": {"before": 4, "after": 8},
                                      "key_block": {"before": 256, "after": 512}})"));
  EXPECT_EQ(json[1]["layer"], "odd\n\x1b[31mname");
  EXPECT_EQ(json[1]["ratio"], 1);
  EXPECT_FALSE(json[1].contains("of_fma_limit"));
  EXPECT_FALSE(json[2].contains("ratio"));
}

TEST_F(TuneExport, ArgumentsThatMakeNoSense) {
  refuses("tune", 2, "LAYER is required (`attnc tune --help` shows how)");
  refuses("tune show", 2, "DB is required (`attnc tune show --help` shows how)");
  refuses("tune show ''", 2, "DB: has no name (`attnc tune show --help` shows how)");
  refuses("tune export tune.db", 2, "--output is required (`attnc tune export --help` shows how)");
  refuses("tune export tune.db -o ''", 2,
          "--output: has no name (`attnc tune export --help` shows how)");
  refuses("tune export a.db b.db -o out", 2,
          "DB: At Most 1 required but received 2 (`attnc tune export --help` shows how)");
  refuses("tune merge a.db", 2, "--output is required (`attnc tune merge --help` shows how)");
  refuses("tune show no.db", 1, "no.db: there is no such file");
  fs::create_directory(path("folder"));
  refuses("tune show folder", 1, "folder: is a folder; expected a file");
  for (const char* command : {"export", "merge", "show"}) {
    const Said said = attnc(fmt::format("tune {} --help", command));
    EXPECT_EQ(said.code, 0);
    EXPECT_NE(said.out.find(fmt::format("  attnc tune {} ", command)), std::string::npos);
    EXPECT_NE(said.out.find("Exit codes: 0 "), std::string::npos);
  }
}

}  // namespace
}  // namespace attnc
