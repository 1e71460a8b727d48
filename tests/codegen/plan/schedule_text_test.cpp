// A schedule as a line of text: every number is read again, and nothing else is accepted.
#include "plan/schedule_text.h"

#include <gtest/gtest.h>

namespace attnc {
namespace {

TEST(ScheduleText, EveryNumberIsReadAgain) {
  for (const bool most : {false, true}) {
    Schedule s;
    for (const ScheduleColumn& c : schedule_columns) s.*c.number = most ? c.most : c.least;
    const std::optional<Schedule> read = schedule_from_text(text_of(s));
    ASSERT_TRUE(read) << text_of(s);
    for (const ScheduleColumn& c : schedule_columns) EXPECT_EQ((*read).*c.number, s.*c.number);
  }
  // Each column has a text of its own.
  for (const ScheduleColumn& c : schedule_columns) {
    Schedule s;
    s.*c.number = s.*c.number == c.most ? c.least : c.most;
    EXPECT_NE(text_of(s), text_of(Schedule{})) << c.name;
    EXPECT_EQ(text_of(*schedule_from_text(text_of(s))), text_of(s));
  }
}

TEST(ScheduleText, ColumnsThatAreLeftOutHaveTheirDefaults) {
  EXPECT_EQ(text_of(schedule_from_text("").value()), text_of(Schedule{}));
  const Schedule s = schedule_from_text("few_keys=64 rows=8").value();
  EXPECT_EQ(s.few_keys, 64);
  EXPECT_EQ(s.tile_rows, 8);
  EXPECT_EQ(s.vector, Schedule{}.vector);
}

TEST(ScheduleText, NothingElseIsASchedule) {
  for (const char* text :
       {"soup", "soup=1", "rows", "rows=", "rows=4x", "rows=0", "rows=9", "rows=-1", "rows=+4",
        "rows= 4", "=4", " rows=4", "rows=4  vector=8", "rows=99999999999999999999", "rows=4\n"})
    EXPECT_FALSE(schedule_from_text(text)) << text;
}

TEST(ScheduleText, UsesAreWords) {
  EXPECT_EQ(uses_from_text("online"), unsigned{use_online});
  EXPECT_EQ(uses_from_text("projections online with_scores few decode"), unsigned{use_all});
  EXPECT_EQ(uses_from_text("few decode few"), unsigned{use_few | use_decode});
  for (const char* text : {"", "soup", "online,few", "online  few", " online", "Online"})
    EXPECT_FALSE(uses_from_text(text)) << text;
}

TEST(ScheduleText, EveryColumnIsUsed) {
  for (const ScheduleColumn& c : schedule_columns) {
    EXPECT_NE(c.used_by, 0u) << c.name;
    EXPECT_EQ(c.used_by & ~use_all, 0u) << c.name;
  }
}

}  // namespace
}  // namespace attnc
