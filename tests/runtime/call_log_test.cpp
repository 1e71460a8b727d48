// ATTN_CALL_LOG=FILE: a line a call. The variable is read once in a process, so the calls are made in
// a process of their own.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "../common/scratch.h"
#include "fake_layer.h"

namespace {

/// Runs once more below, alone and with ATTN_CALL_LOG.
TEST(CallLog, MakesTwoCalls) {
  fake::Call call;
  const attn::AnyLayer layer = call.load();
  attn::Workspace scratch;
  static const bool yes = true;
  ASSERT_TRUE(
      layer.run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}}, scratch).ok());
  ASSERT_TRUE(layer
                  .run({{"query", call.q()},
                        {"value", call.v()},
                        {"key", call.k()},
                        {"use_causal_mask", attn::Tensor::flag(yes)}},
                       {{"output", call.o()}, {"attention_scores", call.s()}}, scratch)
                  .ok());
  EXPECT_FALSE(layer.run({{"query", call.q()}}, {{"output", call.o()}}, scratch).ok());
}

/// The log of that process; each line without its time.
std::vector<std::string> logged(const std::string& file) {
  char self[4096];
  const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  EXPECT_GT(length, 0);
  self[length > 0 ? length : 0] = 0;
  const std::string command =
      "ATTN_CALL_LOG='" + file + "' '" + self + "' --gtest_filter=CallLog.MakesTwoCalls >/dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::vector<std::string> lines;
  std::ifstream log(file);
  for (std::string line; std::getline(log, line);) {
    const size_t time = line.find(",\"nanoseconds\":");
    EXPECT_NE(time, line.npos) << line;
    EXPECT_GT(std::strtoll(line.c_str() + time + 15, nullptr, 10), 0) << line;
    EXPECT_EQ(line.back(), '}');
    lines.push_back(line.substr(0, time));
  }
  return lines;
}

TEST(CallLog, HasALineForEachCallThatWasMade) {
  const std::string file = scratch("calls");
  const auto lines = logged(file);
  ASSERT_EQ(lines.size(), 2u);
  std::ostringstream begin;
  begin << std::hex << fake::table.fingerprint;
  const std::string fingerprint = std::string(16 - begin.str().size(), '0') + begin.str();
  const std::string same = "{\"layer\":\"" + std::string(fake::table.name) +
                           "\",\"fingerprint\":\"" + fingerprint + "\",\"target\":\"plain\"";
  EXPECT_EQ(lines[0].find(same), 0u) << lines[0];
  EXPECT_NE(lines[0].find("\"shape\":\"batch=2,query=4,key=6,feature=8\",\"with\":[],"
                          "\"scores\":false"),
            lines[0].npos)
      << lines[0];
  EXPECT_NE(lines[1].find("\"with\":[\"key\",\"use_causal_mask\"],\"scores\":true"), lines[1].npos)
      << lines[1];
  EXPECT_EQ(logged(file).size(), 4u) << "a log goes on";
}

TEST(CallLog, ThatCannotBeWrittenIsNone) { EXPECT_TRUE(logged("/nowhere/calls").empty()); }

}  // namespace
