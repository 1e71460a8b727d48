// Schedules as data: the built-in ones are sound, the most specific row is used, and errors in a
// file are reported with their line.
#include "halide/schedule.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "../../common/scratch.h"
#include "attn/runtime/kernel_abi.h"

namespace {

using attn::DTypePolicy;
using attnc::Schedule;

const attnc::TargetInfo avx2 = *attnc::find_target("avx2");

/// The mandatory columns, and valid numbers for them.
const std::string columns =
    "vector | rows | vectors | task_rows | query_tile | key_block | scores_query_tile";
const std::string numbers = "8 | 4 | 2 | 128 | 64 | 256 | 16";

std::string complaint(const std::string& text) {
  const auto rows = attnc::read_schedules(text, "x.txt", avx2);
  return rows.ok() ? "" : rows.status().message();
}

TEST(Target, AreTheseBestFirst) {
  EXPECT_EQ(attnc::target_list(), "avx512, avx2, baseline, neon");
  EXPECT_EQ(attnc::target_list("x86_64", " or "), "avx512, avx2 or baseline");
  EXPECT_EQ(attnc::target_list("aarch64", " or "), "neon");
  EXPECT_EQ(avx2.cpu,
            uint64_t{ATTN_CPU_SSE41 | ATTN_CPU_AVX | ATTN_CPU_F16C | ATTN_CPU_FMA | ATTN_CPU_AVX2});
  EXPECT_EQ(attnc::find_target("avx1024"), nullptr);
}

TEST(Schedule, EveryTargetHasOneForEverySize) {
  for (const attnc::TargetInfo& target : attnc::targets()) {
    for (int size : {1, 8, 40, 64, 96, 128, 256, 1000}) {
      for (int dtype = 0; dtype < attn::num_policies; ++dtype) {
        const auto s =
            attnc::schedule_for(target.name, size, size, static_cast<DTypePolicy>(dtype));
        ASSERT_TRUE(s.ok()) << s.status().message();
        EXPECT_EQ(s->vector % s->tile_rows, 0) << target.name;  // panels of keys are whole tiles
      }
    }
  }
}

TEST(Schedule, EveryRowThatShipsSaysWhereItComesFrom) {
  for (const attnc::TargetInfo& target : attnc::targets()) {
    const auto file = attnc::schedule_file(target.name);
    ASSERT_TRUE(file.ok()) << file.status().message();
    const auto rows = attnc::read_schedules(file->text, file->name, target);
    ASSERT_TRUE(rows.ok()) << rows.status().message();
    for (const attnc::ScheduleRow& row : *rows) {
      EXPECT_FALSE(row.measured.empty()) << target.name << " line " << row.line;
      EXPECT_FALSE(row.processor.empty()) << target.name << " line " << row.line;
      EXPECT_FALSE(row.date.empty()) << target.name << " line " << row.line;
    }
  }
}

TEST(Schedule, AnUnknownTargetNamesThoseThereAre) {
  const auto s = attnc::schedule_for("avx1024", 64, 64);
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.status().message(),
            "there is no target `avx1024`; attnc knows " + attnc::target_list());
}

class ScheduleFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = scratch("attnc_schedules");
    std::filesystem::create_directories(folder_);
    setenv("ATTNC_SCHEDULES", folder_.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("ATTNC_SCHEDULES");
    std::filesystem::remove_all(folder_);
  }
  void write(const std::string& text) { std::ofstream(file()) << text; }
  std::string file() const { return (folder_ / "avx2.txt").string(); }
  static int query_tile(int key_size, int value_size, DTypePolicy dtype = {}) {
    const auto s = attnc::schedule_for("avx2", key_size, value_size, dtype);
    EXPECT_TRUE(s.ok()) << s.status().message();
    return s.ok() ? s->query_tile : 0;
  }

  std::filesystem::path folder_;
};

TEST_F(ScheduleFile, TheMostSpecificRowIsTakenWhereverItStands) {
  write(
      "# comment\n\nquery_tile|head_size | dtype   | vector | rows | vectors | task_rows | "
      "key_block | scores_query_tile\r\n"
      "64        | *         | *       | 8      | 4    | 2       | 128       | 256       | 16\r\n"
      "32        | 64        | *       | 8      | 4    | 2       | 64        | 128       | 16\n"
      "16        | 32        | *       | 8      | 4    | 2       | 64        | 128       | 16\n"
      "8         | *         | float64 | 8      | 4    | 2       | 64        | 128       | 16");
  EXPECT_EQ(query_tile(32, 8), 16);
  EXPECT_EQ(query_tile(32, 33), 32);
  EXPECT_EQ(query_tile(64, 65), 64);
  EXPECT_EQ(query_tile(32, 8, DTypePolicy::float64), 8);
  EXPECT_EQ(query_tile(32, 8, DTypePolicy::mixed_bfloat16), 16);
}

TEST_F(ScheduleFile, ARowSaysWhereItIsAndForWhichLayers) {
  write("head_size | dtype | " + columns + "\n* | * | " + numbers + "\n64 | * | " + numbers +
        "\n* | float64 | " + numbers + "\n32 | float64 | " + numbers + "\n");
  const auto place = [](int size, DTypePolicy dtype = {}) {
    const auto row = attnc::row_for("avx2", size, size, dtype);
    EXPECT_TRUE(row.ok()) << row.status().message();
    return row.ok() ? attnc::place_of(*row) : "";
  };
  // Not the folder's name: plans are the same text on every machine.
  EXPECT_EQ(place(128), "$ATTNC_SCHEDULES/avx2.txt:2, for any dtype and head size");
  EXPECT_EQ(place(64), "$ATTNC_SCHEDULES/avx2.txt:3, for any dtype and heads of at most 64");
  EXPECT_EQ(place(64, DTypePolicy::float64),
            "$ATTNC_SCHEDULES/avx2.txt:4, for float64 and any head size");
  EXPECT_EQ(place(32, DTypePolicy::float64),
            "$ATTNC_SCHEDULES/avx2.txt:5, for float64 and heads of at most 32");
  unsetenv("ATTNC_SCHEDULES");
  EXPECT_TRUE(place(64).starts_with("codegen/schedules/avx2.txt:")) << place(64);
}

TEST_F(ScheduleFile, ARowForTheProcessorComesBeforeOneForAny) {
  write("head_size | dtype | pipes | " + columns + "\n* | * | * | " + numbers + "\n* | * | 2 | " +
        numbers + "\n64 | float32 | * | " + numbers + "\n64 | float32 | 2 | " + numbers +
        "\n32 | * | 1 | " + numbers + "\n");
  const auto place = [](int size, int pipes) {
    const auto row = attnc::row_for("avx2", size, size, DTypePolicy::float32, pipes);
    EXPECT_TRUE(row.ok()) << row.status().message();
    return row.ok() ? attnc::place_of(*row).substr(strlen("$ATTNC_SCHEDULES/avx2.txt:")) : "";
  };
  EXPECT_EQ(place(128, 0), "2, for any dtype and head size");
  EXPECT_EQ(place(128, 1), "2, for any dtype and head size");
  EXPECT_EQ(place(128, 2), "3, for processors with 2 pipes, any dtype and head size");
  EXPECT_EQ(place(64, 0), "4, for float32 and heads of at most 64");
  EXPECT_EQ(place(64, 1), "4, for float32 and heads of at most 64");
  EXPECT_EQ(place(64, 2), "5, for processors with 2 pipes, float32 and heads of at most 64");
  EXPECT_EQ(place(32, 0), "4, for float32 and heads of at most 64");
  EXPECT_EQ(place(32, 1), "6, for processors with 1 pipe, any dtype and heads of at most 32");
  // A library has to serve processors that no row is for.
  write("pipes | " + columns + "\n2 | " + numbers + "\n");
  EXPECT_EQ(attnc::schedule_for("avx2", 64, 64).status().message(),
            file() +
                ": has no row for heads of size 64 in float32 with pipes *, for processors that no "
                "other row is for");
}

TEST_F(ScheduleFile, ColumnsThatAreLeftOutHaveTheirDefaults) {
  write(columns + " | decode_keys | pack_rows\n" + numbers + " | 64 | 7\n");
  const auto s = attnc::schedule_for("avx2", 64, 64);
  ASSERT_TRUE(s.ok()) << s.status().message();
  EXPECT_EQ(s->decode_keys, 64);
  EXPECT_EQ(s->pack_rows, 7);
  EXPECT_EQ(s->decode_rows, Schedule{}.decode_rows);
  EXPECT_EQ(s->decode_block_keys, Schedule{}.decode_block_keys);
}

TEST_F(ScheduleFile, ANumberOfFloat64CountsTwice) {
  write(columns + "\n8 | 8 | 1 | 128 | 64 | 256 | 16\n");
  const auto s = attnc::schedule_for("avx2", 64, 64, DTypePolicy::float64);
  ASSERT_TRUE(s.ok()) << s.status().message();
  EXPECT_EQ(s->vector, 4);
  EXPECT_EQ(s->tile_rows, 4);
}

TEST_F(ScheduleFile, AMissingFileAndAMissingRowAreSentences) {
  const auto missing = attnc::schedule_for("avx2", 64, 64);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().message(),
            "ATTNC_SCHEDULES names " + folder_.string() + ", and there is no file " + file());
  write("head_size | " + columns + "\n32 | " + numbers + "\n");
  const auto none = attnc::schedule_for("avx2", 64, 64);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.status().message(), file() + ": has no row for heads of size 64 in float32");
}

TEST(ScheduleText, ABadLineIsNamed) {
  const struct {
    const char *row, *why;
  } bad[] = {
      {"8 | 4 | 2 | 128 | 64 | 256",
       "expected 7 cells with | between them, one for each column, got 6"},
      {"8 | 4 | 2 | 128 | 64 | 256 | 16 | 1",
       "expected 7 cells with | between them, one for each column, got 8"},
      {"8 | 4 | 2 | 128 | 64 | 0 | 16",
       "key_block: expected a number from 1 to 8192, got `0` (keys between two rescalings of the "
       "online softmax)"},
      {"8 | 4 | 2 | 128 | 64 | | 16",
       "key_block: expected a number from 1 to 8192, got `` (keys between two rescalings of the "
       "online softmax)"},
      {"7 | 1 | 2 | 128 | 64 | 256 | 16", "vector 7 is no power of two"},
      {"16 | 4 | 2 | 128 | 64 | 256 | 16",
       "vector 16 is more than the 8 numbers that a vector of avx2 holds"},
      {"8 | 4 | 5 | 128 | 64 | 256 | 16",
       "4 rows of 5 vectors are more than the 16 registers of avx2"},
      {"8 | 3 | 2 | 128 | 63 | 256 | 15", "vector 8 is no multiple of rows 3"},
      {"8 | 4 | 2 | 128 | 63 | 256 | 16", "query_tile 63 is no multiple of rows 4"},
      {"8 | 4 | 2 | 128 | 64 | 256 | 15", "scores_query_tile 15 is no multiple of rows 4"},
      {"8 | x | 2 | 128 | 64 | 256 | 16",
       "rows: expected a number from 1 to 8, got `x` (rows of a register tile)"},
      {"8 | 4 | 2 | 128 | 64 | 256 | 1e9",
       "scores_query_tile: expected a number from 1 to 512, got `1e9` (queries of a task where "
       "scores are stored: it holds whole rows of them)"},
      {"8 | 4 | 2 | 99999999999999999999 | 64 | 256 | 16",
       "task_rows: expected a number from 1 to 4096, got `99999999999999999999` (rows of a "
       "projection that a task computes)"},
  };
  for (const auto& [row, why] : bad) {
    EXPECT_EQ(complaint("#\n" + columns + "\n\n" + row + "\n"), std::string("x.txt:4: ") + why);
  }
  EXPECT_EQ(complaint(columns + " | value_vectors\n" + numbers + " | 5\n"),
            "x.txt:2: 4 rows of 5 vectors of values are more than the 16 registers of avx2");
  EXPECT_EQ(complaint(columns + " | score_rows | score_vectors\n" + numbers + " | 8 | 3\n"),
            "x.txt:2: 8 rows of 3 vectors of scores are more than the 16 registers of avx2");
  EXPECT_EQ(complaint(columns + " | score_rows | score_vectors\n" + numbers + " | 6 | 2\n"),
            "x.txt:2: query_tile 64 is no multiple of score_rows 6");
  EXPECT_EQ(complaint(columns + " | few_keys\n" + numbers + " | 20\n"),
            "x.txt:2: few_keys 20 is no multiple of vector 8");
  EXPECT_EQ(complaint(columns + " | decode_keys\n" + numbers + " | 20\n"),
            "x.txt:2: decode_keys 20 is no multiple of vector 8");
  EXPECT_EQ(complaint(columns + " | decode_keys | decode_block_keys\n" + numbers + " | 64 | 24\n"),
            "x.txt:2: decode_keys 64 is no multiple of decode_block_keys 24");
  EXPECT_EQ(complaint(columns + " | head_size\n" + numbers + " | all\n"),
            "x.txt:2: head_size: expected the largest size of a head, or * for any, got `all`");
  EXPECT_EQ(complaint(columns + " | dtype\n" + numbers + " | half\n"),
            "x.txt:2: dtype: expected float32, float64, float16, bfloat16, mixed_float16, "
            "mixed_bfloat16, or * for any, got `half`");
  EXPECT_EQ(complaint(columns + " | date\n" + numbers + " | yesterday\n"),
            "x.txt:2: date: expected a day as 2026-11-21, or `not recorded`, got `yesterday`");
  EXPECT_EQ(complaint(columns + " | measured\n" + numbers + " |\n"),
            "x.txt:2: measured: expected words, or `not recorded`, got nothing");
  EXPECT_EQ(complaint(columns + "\n" + numbers + "\n" + numbers + "\n"),
            "x.txt:3: is for the same dtype, head_size and pipes as line 2: delete one");
  EXPECT_EQ(complaint(columns + " | pipes\n" + numbers + " | 2\n" + numbers + " | 2\n"),
            "x.txt:3: is for the same dtype, head_size and pipes as line 2: delete one");
  for (const std::string pipes : {"3", "0", "two", ""}) {
    EXPECT_EQ(complaint(columns + " | pipes\n" + numbers + " | " + pipes + "\n"),
              "x.txt:2: pipes: expected 1 or 2 multiply-add pipes, or * for any processor, got `" +
                  pipes + "`");
  }
  // Processors are told apart for targets with fused multiply-adds.
  const auto baseline = attnc::read_schedules(
      columns +
          " | pipes\n4 | 4 | 2 | 128 | 64 | 256 | 16 | *\n4 | 4 | 2 | 128 | 64 | 256 | 16 | 1\n",
      "x.txt", *attnc::find_target("baseline"));
  EXPECT_EQ(
      baseline.status().message(),
      "x.txt:3: pipes: expected *, as processors that run baseline are not told apart, got 1");
}

TEST(ScheduleText, ABadLineOfColumnsIsNamed) {
  EXPECT_EQ(
      complaint(columns + " | tile\n"),
      "x.txt:1: there is no column `tile`; the columns are head_size, dtype, pipes, measured, "
      "processor, date, vector, rows, vectors, task_rows, query_tile, key_block, "
      "scores_query_tile, decode_keys, decode_rows, decode_product_keys, decode_block_keys, "
      "decode_fold_unroll, decode_exp_unroll, few_queries, few_keys, pack_rows, "
      "value_vectors, score_rows, score_vectors");
  EXPECT_EQ(complaint(columns + " | rows\n"), "x.txt:1: the column rows is there twice");
  EXPECT_EQ(complaint("vector | rows\n8 | 4\n"), "x.txt:1: there has to be a column vectors");
  const std::string none =
      "x.txt: expected a line with the names of columns, and rows under it, got no row";
  EXPECT_EQ(complaint(""), none);
  EXPECT_EQ(complaint("# nothing\n\n"), none);
  EXPECT_EQ(complaint(columns + "\n"), none);
  // The format of an earlier attnc, in which columns had positions instead of names.
  EXPECT_NE(complaint("* 8 4 2 128 64 256 16\n").find("x.txt:1: there is no column `* 8 4 2"),
            std::string::npos);
}

/// If a damaged file is read at all, a kernel can be made with every number in it.
TEST(ScheduleText, DamagedFilesAreReadOrRefused) {
  std::mt19937 random(20261127);
  const auto draw = [&](size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random);
  };
  const std::string whole = attnc::schedule_file("avx2")->text + "64 | float64" +
                            std::string(
                                " | 8 | 4 | 2 | 64 | 32 | 128 | 16 | 64 | "
                                "2 | 8 | 2 | 1 | 5 | 2 | x | 2026-11-27 | y\n");
  ASSERT_EQ(complaint(whole), "");
  int read = 0, refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = whole;
    for (size_t changes = 1 + draw(4); changes > 0 && !text.empty(); --changes) {
      const size_t at = draw(text.size());
      switch (draw(5)) {
        case 0:
          text[at] = static_cast<char>(text[at] ^ (1 << draw(8)));
          break;
        case 1:
          text.erase(at, draw(20));
          break;
        case 2:
          text.insert(at, 1, "|\n0123456789*#- \r\t"[draw(17)]);
          break;
        case 3:
          text.resize(at);
          break;
        default:
          text.insert(at, text.substr(draw(text.size()), draw(60)));
          break;
      }
    }
    const auto rows = attnc::read_schedules(text, "x.txt", avx2);
    if (!rows.ok()) {
      ++refused;
      const std::string& why = rows.status().message();
      ASSERT_TRUE(why.starts_with("x.txt:")) << why;
      ASSERT_EQ(std::count_if(why.begin(), why.end(),
                              [](char c) { return static_cast<unsigned char>(c) < 0x20; }),
                0)
          << why;
      continue;
    }
    ++read;
    for (const attnc::ScheduleRow& row : *rows) {
      const Schedule& s = row.schedule;
      for (const attnc::ScheduleColumn& c : attnc::schedule_columns) {
        ASSERT_GE(s.*c.number, c.least) << c.name;
        ASSERT_LE(s.*c.number, c.most) << c.name;
      }
      ASSERT_EQ(s.vector % s.tile_rows, 0);
      ASSERT_EQ(s.query_tile % s.tile_rows, 0);
      ASSERT_EQ(s.query_tile % s.rows_of_scores(), 0);
      ASSERT_EQ(s.few_keys % s.vector, 0);
      ASSERT_EQ(s.decode_keys % s.vector, 0);
      ASSERT_EQ(s.decode_keys % s.decode_block_keys, 0);
    }
  }
  EXPECT_GT(read, 100);
  EXPECT_GT(refused, 1000);
}

TEST(Schedule, RegisterTilesOfValuesFillTheRegisters) {
  using Vectors = std::vector<int>;
  const auto tiles = [](int rows, int vectors, int value_vectors) {
    const Schedule s{.tile_rows = rows, .tile_vectors = vectors, .value_vectors = value_vectors};
    Vectors out;
    for (int all = 1; all <= 16; ++all) out.push_back(s.value_vectors_of(all));
    return out;
  };
  EXPECT_EQ(tiles(4, 4, 6), (Vectors{1, 2, 3, 4, 5, 6, 4, 4, 3, 5, 6, 6, 2, 2, 5, 4}));
  EXPECT_EQ(tiles(4, 4, 0), tiles(4, 4, 4));
  EXPECT_EQ(tiles(4, 2, 0), (Vectors{1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}));
  EXPECT_EQ(tiles(1, 1, 0), Vectors(16, 1));
}

}  // namespace
