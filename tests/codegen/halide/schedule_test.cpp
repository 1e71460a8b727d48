// Schedules as data: what is compiled in is sound, and a bad table is told in a sentence.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "halide/emit_kernels.h"

namespace {

TEST(Schedule, EveryTargetHasOneForEverySize) {
  for (const std::string& target : attnc::target_names()) {
    for (int size : {1, 8, 40, 64, 96, 128, 256, 1000}) {
      const auto s = attnc::schedule_for(target, size, size);
      ASSERT_TRUE(s.ok()) << s.status().message();
      EXPECT_EQ(s->vector % s->tile_rows, 0) << target;  // key panels are whole tiles
    }
  }
}

TEST(Schedule, AnUnknownTargetNamesThoseThereAre) {
  const auto s = attnc::schedule_for("avx1024", 64, 64);
  ASSERT_FALSE(s.ok());
  EXPECT_EQ(s.status().message(),
            "there is no target `avx1024`; attnc knows avx512, avx2, baseline, neon");
}

class ScheduleFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / "attnc_schedules";
    std::filesystem::create_directories(folder_);
    setenv("ATTNC_SCHEDULES", folder_.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("ATTNC_SCHEDULES");
    std::filesystem::remove_all(folder_);
  }
  void write(const std::string& text) { std::ofstream(folder_ / "avx2.txt") << text; }

  std::filesystem::path folder_;
};

TEST_F(ScheduleFile, RowsAreTakenByHeadSizeInOrder) {
  write("# comment\n\n32 8 4 2 64 32 128 16\n* 8 4 2 128 64 256 16\n");
  EXPECT_EQ(attnc::schedule_for("avx2", 32, 8)->query_tile, 32);
  EXPECT_EQ(attnc::schedule_for("avx2", 32, 33)->query_tile, 64);
}

TEST_F(ScheduleFile, ABadRowIsNamedByItsLine) {
  for (const char* row : {"* 8 4 2 128 64 256", "* 8 4 2 128 64 0 16", "* 7 4 2 128 64 256 16",
                          "* 8 3 2 128 63 256 15", "x 8 4 2 128 64 256 16", "* 8 4 2 128 64 256 1e9"}) {
    write(std::string("#\n") + row + "\n");
    const auto s = attnc::schedule_for("avx2", 64, 64);
    ASSERT_FALSE(s.ok()) << row;
    EXPECT_NE(s.status().message().find("the schedules for avx2, line 2: expected a head size"),
              std::string::npos)
        << s.status().message();
  }
}

TEST_F(ScheduleFile, AMissingFileAndAMissingRowAreSentences) {
  const auto missing = attnc::schedule_for("avx2", 64, 64);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.status().message().find("there is no file"), std::string::npos);
  write("32 8 4 2 64 32 128 16\n");
  const auto none = attnc::schedule_for("avx2", 64, 64);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.status().message(), "the schedules for avx2 have no row for heads of size 64");
}

}  // namespace
