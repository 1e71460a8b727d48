// attnc_shell.h - a fixture that runs attnc from a shell, in a temporary folder, and environment
// variables for a while.
//
//   TEST_F(Attnc, Refuses) {
//     refuses("build", 2, "LAYER is required (`attnc build --help` shows how)");
//   }
#pragma once
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "tools/children.h"

namespace attnc {

struct Said {
  int code = -1;
  std::string out, err;
};

/// Sets an environment variable for the lifetime of the object.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* was = std::getenv(name)) was_ = was, had_ = true;
    setenv(name, value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { had_ ? setenv(name_, was_.c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  std::string was_;
  bool had_ = false;
};

inline std::string bytes_of(const std::string& file) {
  std::ostringstream bytes;
  bytes << std::ifstream(file, std::ios::binary).rdbuf();
  return bytes.str();
}

/// Runs `attnc ARGUMENTS` in a shell, in a temporary folder.
class Attnc : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::make();
    ASSERT_TRUE(folder.ok());
    folder_ = std::make_unique<TemporaryFolder>(*std::move(folder));
  }
  std::string path(const std::string& name) { return folder_->path() + "/" + name; }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(path(name)) << text;
    return path(name);
  }
  Said attnc(const std::string& arguments, const std::string& environment = "") {
    const std::string command =
        fmt::format("cd {0} && ATTNC_CACHE={1} {2} {3} {4} >{0}/.out 2>{0}/.err </dev/null",
                    folder_->path(), TEST_CACHE, environment, ATTNC, arguments);
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, bytes_of(path(".out")),
            bytes_of(path(".err"))};
  }
  /// Expects that attnc fails with this exit code and this sentence.
  void refuses(const std::string& arguments, int code, const std::string& sentence) {
    const Said said = attnc(arguments);
    EXPECT_EQ(said.code, code) << arguments;
    EXPECT_EQ(said.err, "attnc: " + sentence + "\n") << arguments;
    EXPECT_EQ(said.out, "") << arguments;
  }

 private:
  std::unique_ptr<TemporaryFolder> folder_;
};

}  // namespace attnc
