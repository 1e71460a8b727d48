// scratch.h - files that a test writes, in a folder of its own process.
//
//   const std::string path = scratch("weights.safetensors");
//
// The folder is new, so tests that run at the same time do not meet, and is removed with everything
// in it when the process ends.
#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

/// A new folder, which is removed with the object.
class ScratchFolder {
 public:
  ScratchFolder() : path_(testing::TempDir() + "attn_test_XXXXXX"), owner_(getpid()) {
    if (!mkdtemp(path_.data())) throw std::runtime_error("no folder can be made: " + path_);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    if (getpid() == owner_) std::filesystem::remove_all(path_, ignored);  // not in forked children
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  pid_t owner_;
};

/// The folder of this process.
inline const std::string& scratch_folder() {
  static const ScratchFolder folder;
  return folder.path();
}

/// The path of a file in it, which need not exist.
inline std::string scratch(const std::string& name) { return scratch_folder() + "/" + name; }
