// The database of `attnc tune`: what is stored is read again, and foreign or damaged files are
// sentences.
#include "tune_database.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <limits>

#include "plan/schedule_text.h"
#include "tune_samples.h"

namespace attnc {
namespace {

using attn::StatusCode;
namespace fs = std::filesystem;

class Database : public DatabaseFile {
 protected:
  /// Expects that the file is refused, opened either way, with this sentence after its name.
  void refused(const std::string& name, StatusCode code, const std::string& sentence) {
    for (const auto& how : {TuningDatabase::open, TuningDatabase::open_to_read}) {
      const Result<TuningDatabase> db = how(path(name));
      ASSERT_FALSE(db.ok()) << name;
      EXPECT_EQ(db.status().message(), path(name) + ": " + sentence);
      EXPECT_EQ(db.status().code(), code);
    }
  }
  /// Runs SQL in a file, as another program could.
  void sql(const std::string& name, const std::string& statements) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path(name).c_str(), &db), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(db, statements.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_close(db);
  }
  /// The sentence of reading all of the file, without its name; "" if it can be read.
  std::string complaint(const std::string& name) {
    const auto db = TuningDatabase::open_to_read(path(name));
    Status s = db.status();
    if (db.ok()) {
      const auto runs = db->runs();
      s = runs.status();
      for (size_t r = 0; runs.ok() && s.ok() && r < runs->size(); ++r)
        s = db->trials((*runs)[r].name).status();
    }
    if (s.ok()) return "";
    EXPECT_EQ(s.code(), StatusCode::invalid_file) << s.message();
    EXPECT_EQ(s.message().find(path(name) + ": "), 0u) << s.message();
    return s.message().substr(path(name).size() + 2);
  }
};

TEST_F(Database, WhatIsStoredIsReadAgain) {
  TuningRun run = sample_run();
  run.name = "0123456789abcdef0123456789abcdef";
  run.layer = std::string("a'b\"; DROP TABLE runs; --\n|\0\x1b[31m \xff\xc3\x28 \xe2\x82\xac", 40);
  run.processor = "";
  run.fingerprint = std::numeric_limits<uint64_t>::max();
  run.seed = uint64_t{1} << 63;
  run.threads = std::numeric_limits<int>::max();
  run.operations = 1.0 / 3;
  run.fma_gflops = std::numeric_limits<double>::max();
  run.read_gbps = std::numeric_limits<double>::denorm_min();
  run.pipes = 2;
  run.l2_kib = std::numeric_limits<int>::max();
  std::vector<Trial> trials = {sample_trial(0), sample_trial(1), sample_trial(7)};
  trials[1].note = "the kernels are those of trial 0|\n";
  trials[1].accepted = false;
  trials[1].seconds = 0;
  for (const ScheduleColumn& c : schedule_columns) trials[2].schedule.*c.number = c.most;
  {
    TuningDatabase db = open("tune.db");
    EXPECT_EQ(db.file(), path("tune.db"));
    EXPECT_EQ(*db.begin(run), run.name);
    for (size_t t : {2, 0, 1}) ASSERT_TRUE(db.add(run.name, trials[t]).ok());
  }
  const auto db = TuningDatabase::open_to_read(path("tune.db"));
  ASSERT_TRUE(db.ok()) << db.status().message();
  const auto runs = db->runs();
  ASSERT_TRUE(runs.ok()) << runs.status().message();
  ASSERT_EQ(runs->size(), 1u);
  EXPECT_EQ(all_of((*runs)[0]), all_of(run));
  const auto read = db->trials(run.name);
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->size(), trials.size());
  for (size_t t = 0; t < trials.size(); ++t) EXPECT_EQ(all_of((*read)[t]), all_of(trials[t]));
}

TEST_F(Database, RunsGetANameAndATimeAndAreInOrderOfTime) {
  TuningDatabase db = open("tune.db");
  TuningRun run = sample_run();
  run.started = "";
  const auto now = db.begin(run), same_time = db.begin(run);
  ASSERT_TRUE(now.ok() && same_time.ok());
  EXPECT_NE(*now, *same_time);
  run.started = "2001-01-01T00:00:00Z";
  const auto early = db.begin(run);
  ASSERT_TRUE(early.ok());
  const auto runs = db.runs();
  ASSERT_TRUE(runs.ok()) << runs.status().message();
  ASSERT_EQ(runs->size(), 3u);
  EXPECT_EQ((*runs)[0].name, *early);
  for (const TuningRun& r : *runs) EXPECT_EQ(r.name.size(), 32u);
  EXPECT_GT((*runs)[1].started, "2026-01-01T00:00:00Z");
  EXPECT_TRUE(db.trials(*early)->empty());
}

TEST_F(Database, TheWinnerIsTheLastAcceptedTrial) {
  std::vector<Trial> trials;
  EXPECT_EQ(winner_of(trials), nullptr);
  for (const bool accepted : {true, false, true, false}) {
    trials.push_back(sample_trial(static_cast<int>(trials.size())));
    trials.back().accepted = accepted;
  }
  EXPECT_EQ(winner_of(trials), &trials[2]);
}

TEST_F(Database, WhatCouldNotBeReadAgainIsNotStored) {
  TuningDatabase db = open("tune.db");
  const auto refuses = [&](auto change, const std::string& why) {
    TuningRun run = sample_run();
    change(run);
    const auto begun = db.begin(run);
    ASSERT_FALSE(begun.ok()) << why;
    EXPECT_EQ(begun.status().message(), path("tune.db") + ": a run cannot be added: " + why);
  };
  refuses([](TuningRun& r) { r.name = "soup"; },
          "name: expected 32 hexadecimal digits, got `soup`");
  refuses([](TuningRun& r) { r.target = ""; }, "target: expected a name, got ``");
  refuses([](TuningRun& r) { r.dtype = "int8"; }, "dtype: expected a dtype policy, got `int8`");
  refuses([](TuningRun& r) { r.families = "online\nfew"; },
          "families: expected families of kernels, got `online?few`");
  refuses([](TuningRun& r) { r.head_size = 0; },
          "head_size: expected a number of at least 1, got 0");
  refuses([](TuningRun& r) { r.operations = std::numeric_limits<double>::infinity(); },
          "operations: expected a number of at least 0, got inf");
  refuses([](TuningRun& r) { r.pipes = 3; }, "pipes: expected a number of at most 2, got 3");
  refuses([](TuningRun& r) { r.l2_kib = -1; }, "l2_kib: expected a number of at least 0, got -1");
  refuses([](TuningRun& r) { r.started = "yesterday"; },
          "started: expected a time as 2026-11-27T22:45:00Z, got `yesterday`");
  refuses([](TuningRun& r) { r.calls = std::string(200'000, 'x'); },
          "calls: expected at most 100000 characters, got 200000");

  const std::string run = *db.begin(sample_run());
  const auto says = [&](const Status& s) { return s.message().substr(path("tune.db").size() + 2); };
  Trial trial = sample_trial(0);
  trial.seconds = std::nan("");
  EXPECT_EQ(says(db.add(run, trial)),
            "a trial cannot be added: seconds: expected a number of at least 0, got nan");
  trial = sample_trial(0);
  trial.schedule.tile_rows = 100;
  EXPECT_EQ(says(db.add(run, trial)),
            "a trial cannot be added: schedule: a number is out of its column's range in " +
                text_of(trial.schedule));
  EXPECT_TRUE(db.add(run, sample_trial(0)).ok());
  EXPECT_EQ(says(db.add(run, sample_trial(0))), fmt::format("run {} already has a trial 0", run));
  const std::string nobody(32, '0');
  EXPECT_EQ(says(db.add(nobody, sample_trial(0))), "there is no run " + nobody);
  TuningRun again = sample_run();
  again.name = run;
  EXPECT_EQ(says(db.begin(again).status()), "there is already a run " + run);
}

TEST_F(Database, MergingTwiceAddsNothing) {
  TuningDatabase a = open("a.db"), b = open("b.db"), both = open("both.db");
  const std::string of_a = *a.begin(sample_run()), of_b = *b.begin(sample_run());
  for (int t = 0; t < 3; ++t) {
    ASSERT_TRUE(a.add(of_a, sample_trial(t)).ok());
    ASSERT_TRUE(b.add(of_b, sample_trial(t)).ok());
  }
  EXPECT_EQ(*both.merge(a), 1);
  EXPECT_EQ(*both.merge(b), 1);
  const std::string merged = bytes_of(path("both.db"));
  EXPECT_EQ(*both.merge(a), 0);
  EXPECT_EQ(*both.merge(b), 0);
  EXPECT_EQ(*both.merge(both), 0);
  EXPECT_EQ(bytes_of(path("both.db")), merged);
  EXPECT_EQ(both.runs()->size(), 2u);
  EXPECT_EQ(both.trials(of_a)->size(), 3u);

  // A run that has gone on since.
  ASSERT_TRUE(a.add(of_a, sample_trial(3)).ok());
  EXPECT_EQ(*both.merge(a), 0);
  EXPECT_EQ(both.trials(of_a)->size(), 4u);
}

TEST_F(Database, OtherFilesAreRefusedAndStayAsTheyAre) {
  const std::string other_kind = "expected a database of `attnc tune`, got a file of another kind";
  for (const std::string& text : {std::string("soup"), std::string(5000, 'x')}) {
    write("text", text);
    refused("text", StatusCode::invalid_file, other_kind);
    EXPECT_EQ(bytes_of(path("text")), text);
  }
  const std::string other_program =
      "expected a database of `attnc tune`, got an SQLite database of another program";
  sql("other.db", "CREATE TABLE runs (name TEXT)");
  sql("marked.db", "PRAGMA application_id = 7");
  for (const char* name : {"other.db", "marked.db"}) {
    const std::string bytes = bytes_of(path(name));
    refused(name, StatusCode::invalid_file, other_program);
    EXPECT_EQ(bytes_of(path(name)), bytes);
  }
  fs::create_directory(path("folder"));
  refused("folder", StatusCode::invalid_file, "is a folder; expected a file");
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  refused("pipe", StatusCode::invalid_file, "is no regular file");

  // An empty file is what a killed process may leave. It becomes a database, but is none to read.
  write("empty", "");
  EXPECT_EQ(complaint("empty"), "expected a database of `attnc tune`, got an empty file");
  EXPECT_EQ(bytes_of(path("empty")), "");
  open("empty");
  EXPECT_EQ(complaint("empty"), "");
}

TEST_F(Database, PlacesWhereThereIsNoFileAndCanBeNone) {
  EXPECT_EQ(TuningDatabase::open_to_read(path("no.db")).status().message(),
            path("no.db") + ": there is no such file");
  EXPECT_FALSE(fs::exists(path("no.db")));
  EXPECT_EQ(TuningDatabase::open(path("no/tune.db")).status().message(),
            path("no/tune.db") + ": cannot be opened or made: No such file or directory");
  write("file", "");
  EXPECT_EQ(TuningDatabase::open(path("file/tune.db")).status().message(),
            path("file/tune.db") + ": cannot be opened or made: Not a directory");

  // Names that are special to SQLite elsewhere are files here.
  fs::current_path(path("."));
  for (const char* name : {":memory:", "file:x.db?mode=memory"}) {
    const auto db = TuningDatabase::open(name);
    EXPECT_TRUE(db.ok()) << db.status().message();
    EXPECT_TRUE(fs::exists(path(name))) << name;
  }
}

TEST_F(Database, FilesAndFoldersThatCannotBeWritten) {
  const std::string run = *open("tune.db").begin(sample_run());
  fs::create_directory(path("folder"));
  fs::copy(path("tune.db"), path("folder/tune.db"));
  chmod(path(".").c_str(), 0755);
  chmod(path("folder").c_str(), 0555);
  chmod(path("folder/tune.db").c_str(), 0444);
  const uid_t user = geteuid();
  if (user == 0) ASSERT_EQ(seteuid(65534), 0);  // root may write anywhere
  const auto reads = TuningDatabase::open_to_read(path("folder/tune.db"));
  auto db = TuningDatabase::open(path("folder/tune.db"));
  const auto made = TuningDatabase::open(path("folder/new.db"));
  const Status added = db.ok() ? db->add(run, sample_trial(0)) : Status();
  const auto runs = reads.ok() ? reads->runs() : reads.status();
  if (user == 0) ASSERT_EQ(seteuid(user), 0);
  chmod(path("folder").c_str(), 0755);

  ASSERT_TRUE(runs.ok()) << runs.status().message();
  EXPECT_EQ(runs->size(), 1u);
  ASSERT_TRUE(db.ok()) << db.status().message();
  EXPECT_EQ(added.message(),
            path("folder/tune.db") +
                ": cannot be written: attempt to write a readonly database; the file and its "
                "folder have to be writable");
  EXPECT_EQ(made.status().message(),
            path("folder/new.db") + ": cannot be opened or made: Permission denied");
}

TEST_F(Database, ALaterVersionIsRefused) {
  open("tune.db");
  sql("tune.db", "PRAGMA user_version = 3");
  refused("tune.db", StatusCode::invalid_file,
          "is of version 3 of the format, and this attnc reads version 2: use the attnc that wrote "
          "it");
}

/// What attnc made before it knew of pipes.
constexpr const char* runs_of_version_1 =
    "CREATE TABLE runs (name TEXT NOT NULL, layer TEXT NOT NULL, fingerprint INTEGER NOT NULL, "
    "target TEXT NOT NULL, dtype TEXT NOT NULL, head_size INTEGER NOT NULL, families TEXT NOT "
    "NULL, calls TEXT NOT NULL, work TEXT NOT NULL, processor TEXT NOT NULL, threads INTEGER NOT "
    "NULL, seed INTEGER NOT NULL, operations REAL NOT NULL, fma_gflops REAL NOT NULL, read_gbps "
    "REAL NOT NULL, started TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (name)) STRICT, "
    "WITHOUT ROWID";

class OldDatabase : public Database {
 protected:
  void SetUp() override {
    Database::SetUp();
    run_ = sample_run();
    run_.name = std::string(32, 'a');
    {
      TuningDatabase db = open("old.db");
      ASSERT_TRUE(db.begin(run_).ok() && db.add(run_.name, sample_trial(0)).ok());
    }
    make_old("old.db");
  }
  /// Makes a file one of version 1.
  void make_old(const std::string& name) {
    sql(name, fmt::format("ALTER TABLE runs RENAME TO newer; {}; INSERT INTO runs SELECT name, "
                          "layer, fingerprint, target, dtype, head_size, families, calls, work, "
                          "processor, threads, seed, operations, fma_gflops, read_gbps, started, "
                          "version FROM newer; DROP TABLE newer; PRAGMA user_version = 1",
                          runs_of_version_1));
  }
  /// Expects the run and its trial in a database.
  void expect_whole(const TuningDatabase& db) {
    const auto runs = db.runs();
    ASSERT_TRUE(runs.ok()) << runs.status().message();
    ASSERT_EQ(runs->size(), 1u);
    EXPECT_EQ(all_of(runs->at(0)), all_of(run_));
    const auto trials = db.trials(run_.name);
    ASSERT_TRUE(trials.ok()) << trials.status().message();
    ASSERT_EQ(trials->size(), 1u);
    EXPECT_EQ(all_of(trials->at(0)), all_of(sample_trial(0)));
  }

  TuningRun run_;
};

TEST_F(OldDatabase, IsReadAndStaysAsItIs) {
  const std::string bytes = bytes_of(path("old.db"));
  const auto db = TuningDatabase::open_to_read(path("old.db"));
  ASSERT_TRUE(db.ok()) << db.status().message();
  expect_whole(*db);
  TuningDatabase all = open("all.db");
  EXPECT_EQ(*all.merge(*db), 1);
  expect_whole(all);
  EXPECT_EQ(bytes_of(path("old.db")), bytes);
}

TEST_F(OldDatabase, BecomesANewOneWhenItIsWritten) {
  {
    TuningDatabase db = open("old.db");
    expect_whole(db);
    TuningRun newer = sample_run();
    newer.pipes = 2, newer.l2_kib = 1024;
    const auto name = db.begin(newer);
    ASSERT_TRUE(name.ok()) << name.status().message();
    newer.name = *name;
    const auto runs = db.runs();
    ASSERT_EQ(runs->size(), 2u);
    EXPECT_EQ(all_of(runs->at(runs->at(0).name == *name ? 0 : 1)), all_of(newer));
  }
  EXPECT_EQ(complaint("old.db"), "");
  sql("old.db", "PRAGMA user_version = 1");  // the tables are those of version 2
  refused("old.db", StatusCode::invalid_file,
          "the database is damaged: its tables are not those that attnc makes");
}

TEST_F(OldDatabase, TakesNewRuns) {
  TuningDatabase other = open("other.db");
  TuningRun newer = sample_run();
  newer.pipes = 1;
  ASSERT_TRUE(other.begin(newer).ok());
  TuningDatabase db = open("old.db");
  EXPECT_EQ(*db.merge(other), 1);
  EXPECT_EQ(*db.merge(db), 0);
  EXPECT_EQ(db.runs()->size(), 2u);
}

TEST_F(OldDatabase, WithAnotherSchemaIsRefused) {
  for (const char* change : {"DROP TABLE trials", "ALTER TABLE runs ADD COLUMN pipes INTEGER"}) {
    fs::copy_file(path("old.db"), path("copy.db"), fs::copy_options::overwrite_existing);
    sql("copy.db", change);
    refused("copy.db", StatusCode::invalid_file,
            "the database is damaged: its tables are not those that attnc makes");
  }
}

TEST_F(Database, AnotherSchemaIsRefused) {
  for (const char* change :
       {"CREATE TABLE more (name TEXT)", "CREATE VIEW all_runs AS SELECT * FROM runs",
        "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM trials; END", "DROP TABLE trials",
        "ALTER TABLE runs ADD COLUMN more TEXT", "PRAGMA user_version = 0"}) {
    fs::remove(path("tune.db"));
    open("tune.db");
    sql("tune.db", change);
    refused("tune.db", StatusCode::invalid_file,
            "the database is damaged: its tables are not those that attnc makes");
  }
}

TEST_F(Database, ForeignRowsAreRefusedByRunAndColumn) {
  const std::string name(32, 'a'), run = "run " + name;
  const auto says = [&](const std::string& change) {
    fs::remove(path("tune.db"));
    TuningRun named = sample_run();
    named.name = name;
    TuningDatabase db = open("tune.db");
    EXPECT_TRUE(db.begin(named).ok() && db.add(name, sample_trial(0)).ok());
    sql("tune.db", change);
    // What cannot be read is not merged either, nor is anything else of the file.
    TuningDatabase target = open("target.db");
    EXPECT_FALSE(target.merge(db).ok()) << change;
    EXPECT_TRUE(target.runs()->empty());
    return complaint("tune.db");
  };
  EXPECT_EQ(says("UPDATE runs SET families = 'soup'"),
            run + ": families: expected families of kernels, got `soup`");
  EXPECT_EQ(says("UPDATE runs SET families = ''"),
            run + ": families: expected families of kernels, got ``");
  EXPECT_EQ(says("UPDATE runs SET dtype = 'int8'"),
            run + ": dtype: expected a dtype policy, got `int8`");
  EXPECT_EQ(says("UPDATE runs SET threads = 0"),
            run + ": threads: expected a number of at least 1, got 0");
  EXPECT_EQ(says("UPDATE runs SET head_size = 1 << 40"),
            run +
                ": head_size: expected a number from -2147483648 to 2147483647, got "
                "1099511627776");
  EXPECT_EQ(says("UPDATE runs SET operations = 9e999"),
            run + ": operations: expected a number of at least 0, got inf");
  EXPECT_EQ(says("UPDATE runs SET name = 'it' || char(10) || 's'"),
            "run it?s: name: expected 32 hexadecimal digits, got `it?s`");
  EXPECT_EQ(says("UPDATE trials SET schedule = 'rows=99'"),
            run + ", trial 0: schedule: expected a schedule, got `rows=99`");
  EXPECT_EQ(says("UPDATE trials SET accepted = 7"),
            run + ", trial 0: accepted: expected a number from 0 to 1, got 7");
  EXPECT_EQ(says("UPDATE trials SET number = -1"),
            run + ", trial -1: number: expected a number of at least 0, got -1");
  EXPECT_EQ(says("UPDATE trials SET note = printf('%.200000c', 'x')"),
            run + ", trial 0: note: expected at most 100000 characters, got 200000");
  EXPECT_EQ(says("UPDATE trials SET note = zeroblob(2000000) || ''"),
            "the database is damaged (string or blob too big): use a copy, or another file");
}

class DamagedDatabase : public Database {
 protected:
  void SetUp() override {
    Database::SetUp();
    alarm(100);  // a file that is read without end fails too
    TuningDatabase db = open("sound.db");
    for (int r = 0; r < 2; ++r) {
      const std::string run = *db.begin(sample_run());
      for (int t = 0; t < 12; ++t) ASSERT_TRUE(db.add(run, sample_trial(t)).ok());
    }
    sound_ = bytes_of(path("sound.db"));
    ASSERT_GT(sound_.size(), 8000u);
  }
  void TearDown() override { alarm(0); }

  void damage(const std::string& bytes) {
    fs::remove(path("damaged.db-journal"));
    write("damaged.db", bytes);
  }
  /// Reads and merges damaged.db, in both directions. What fails has to say what is wrong.
  void use_damaged() {
    const auto says = [&](const Status& s) {
      EXPECT_TRUE(s.ok() || s.message().starts_with(path("damaged.db") + ": ")) << s.message();
    };
    if (const std::string why = complaint("damaged.db"); !why.empty()) ++refused_;
    auto db = TuningDatabase::open(path("damaged.db"));
    says(db.status());
    if (!db.ok()) return;
    TuningDatabase sink = open("sink.db"), sound = open("sound.db");
    says(sink.merge(*db).status());
    says(db->merge(sound).status());
    const auto run = db->begin(sample_run());
    says(run.status());
    if (run.ok()) says(db->add(*run, sample_trial(0)));
  }

  std::string sound_;
  int refused_ = 0;
};

TEST_F(DamagedDatabase, WithAByteThatIsAnotherOne) {
  int files = 0;
  for (size_t at = 0; at < sound_.size(); at += 7, ++files) {
    std::string bytes = sound_;
    bytes[at] = static_cast<char>(bytes[at] ^ (at % 2 ? 0xff : 1 << at % 8));
    damage(bytes);
    use_damaged();
  }
  EXPECT_GT(refused_, files / 20);
}

TEST_F(DamagedDatabase, ThatEndsEarly) {
  for (size_t size = 1; size < sound_.size(); size += 97) {
    damage(sound_.substr(0, size));
    EXPECT_NE(complaint("damaged.db"), "") << size;
    use_damaged();
  }
}

}  // namespace
}  // namespace attnc
