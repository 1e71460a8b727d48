// tune_database.h - a fixture for tests of the database of `attnc tune`.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "attnc_shell.h"
#include "tools/tune/database.h"

namespace attnc {

class DatabaseFile : public Attnc {
 protected:
  void SetUp() override {
    // In memory where Linux has such a folder: on a disk a trial waits for it, some 20 ms.
    const char* set = std::getenv("TMPDIR");
    const Variable folder("TMPDIR", std::filesystem::is_directory("/dev/shm") ? "/dev/shm"
                                    : set                                     ? set
                                                                              : "");
    Attnc::SetUp();
  }
  TuningDatabase open(const std::string& name) {
    Result<TuningDatabase> db = TuningDatabase::open(path(name));
    if (!db.ok()) throw std::runtime_error(db.status().message());
    return *std::move(db);
  }
};

}  // namespace attnc
