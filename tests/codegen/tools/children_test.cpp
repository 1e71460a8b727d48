// Work in child processes: order, failures, crashes.
#include "tools/children.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>

namespace attnc {
namespace {

TEST(Children, ResultsComeInTheOrderOfTheJobs) {
  std::vector<Job> jobs;
  for (int i = 0; i < 9; ++i) {
    jobs.push_back({"job " + std::to_string(i), [i]() -> Result<std::string> {
                      usleep(static_cast<useconds_t>(1000 * (9 - i)));
                      return std::string(static_cast<size_t>(100000 * i),
                                         static_cast<char>('a' + i));
                    }});
  }
  std::vector<size_t> done;
  const auto results = run_in_children(
      jobs,
      {.at_once = 4, .progress = [&](size_t n, size_t, const std::string&) { done.push_back(n); }});
  for (size_t i = 0; i < jobs.size(); ++i) {
    ASSERT_TRUE(results[i].ok()) << results[i].status().message();
    EXPECT_EQ(*results[i], std::string(100000 * i, static_cast<char>('a' + i)));
  }
  EXPECT_EQ(done, (std::vector<size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(Children, FailuresAreSentences) {
  const auto results = run_in_children({
      {"refused",
       [] { return Result<std::string>(Status(attn::StatusCode::unsupported, "not today")); }},
      {"thrown", []() -> Result<std::string> { throw std::runtime_error("a reason"); }},
      {"killed",
       []() -> Result<std::string> {
         raise(SIGKILL);
         return std::string();
       }},
      {"left", []() -> Result<std::string> { _exit(3); }},
      {"well", [] { return Result<std::string>(std::string("made")); }},
  });
  EXPECT_EQ(results[0].status().message(), "refused: not today");
  EXPECT_EQ(results[0].status().code(), attn::StatusCode::unsupported);
  EXPECT_EQ(results[1].status().message(), "thrown: a reason");
  EXPECT_EQ(results[1].status().code(), attn::StatusCode::internal);
  EXPECT_EQ(results[2].status().message(),
            "killed: the process that made it ended by signal 9 (Killed)");
  EXPECT_EQ(results[3].status().message(), "left: the process that made it ended early");
  ASSERT_TRUE(results[4].ok());
  EXPECT_EQ(*results[4], "made");
  EXPECT_TRUE(run_in_children({}).empty());
}

TEST(Children, ProgramsThatFailSayWhy) {
  EXPECT_TRUE(run_program({"true"}).ok());
  EXPECT_EQ(run_program({"sh", "-c", "echo a reason; exit 1"}).message(),
            "`sh` failed:\na reason\n");
  const Status s = run_program({"no-such-program"});
  EXPECT_EQ(s.code(), attn::StatusCode::not_found);
  EXPECT_EQ(s.message(), "cannot run `no-such-program`: No such file or directory");
}

TEST(TemporaryFolder, GoesWithWhatIsInIt) {
  std::string path;
  {
    auto folder = TemporaryFolder::make();
    ASSERT_TRUE(folder.ok());
    path = folder->path();
    EXPECT_TRUE(std::filesystem::create_directory(path + "/inner"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(TemporaryFolder::make("/nowhere").ok());
}

}  // namespace
}  // namespace attnc
