// attnc build --kernels: a build takes the kernels that the one before left, and only those that it
// would make itself.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "attnc_shell.h"

namespace attnc {
namespace {

namespace fs = std::filesystem;

class Kernels : public Attnc {
 protected:
  void SetUp() override {
    Attnc::SetUp();
    // Two layers of one path with the same three projections: 5 kernels.
    write("a.json", R"({"num_heads": 1, "key_dim": 4, "name": "a"})");
    write("b.json", R"({"num_heads": 2, "key_dim": 4, "name": "b"})");
  }
  /// Builds both layers; returns how many kernels were taken.
  int build(const std::string& arguments = "", const std::string& environment = "") {
    const Said said = attnc(
        "build a.json b.json -o out --name lib --target baseline --shapes many --kernels kernels "
        "--json " +
            arguments,
        environment);
    EXPECT_EQ(said.code, 0) << said.err;
    if (said.code != 0) return -1;
    const auto json = nlohmann::json::parse(said.out);
    all_ = json.at("kernels").get<int>();
    return json.at("kernels_taken").get<int>();
  }
  std::string archive() { return bytes_of(path("out/liblib.a")); }
  std::set<std::string> files() {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(path("kernels")))
      names.insert(entry.path().filename().string());
    return names;
  }
  int all_ = 0;
};

TEST_F(Kernels, AreTakenFromTheBuildBeforeUnlessTheyChanged) {
  EXPECT_EQ(build(), 0);
  EXPECT_EQ(all_, 5);
  const std::set<std::string> before = files();
  EXPECT_EQ(before.size(), 5u);
  const std::string first = archive();
  fs::remove_all(path("out"));
  EXPECT_EQ(build(), 5);
  EXPECT_EQ(archive(), first);

  write("kernels/notes.txt", "not a kernel");
  write("b.json", R"({"num_heads": 2, "key_dim": 5, "name": "b"})");
  EXPECT_EQ(build(), 4);
  std::set<std::string> now = files();
  EXPECT_TRUE(now.erase("notes.txt")) << "other files stay";
  EXPECT_EQ(now.size(), 5u) << "those that nobody needs any more are deleted";
  EXPECT_NE(now, before);

  // A build that takes none gives the same bytes.
  ASSERT_EQ(attnc("build a.json b.json -o alone --name lib --target baseline --shapes many").code,
            0);
  EXPECT_EQ(bytes_of(path("alone/liblib.a")), archive());
}

TEST_F(Kernels, ThatAreDamagedAreMadeAgain) {
  EXPECT_EQ(build(), 0);
  const std::string right = archive();
  int damaged = 0;
  for (const std::string& name : files()) {
    const std::string file = path("kernels/" + name);
    std::string bytes = bytes_of(file);
    switch (damaged++) {
      case 0:
        bytes.clear();
        break;
      case 1:
        bytes.resize(bytes.size() / 2);
        break;
      case 2:
        bytes.resize(20);
        break;
      case 3:
        bytes += "0";
        break;
      default:
        bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 16);
    }
    std::ofstream(file, std::ios::binary) << bytes;
  }
  EXPECT_EQ(damaged, 5);
  EXPECT_EQ(build(), 0);
  EXPECT_EQ(archive(), right);
  EXPECT_EQ(build(), 5);
}

TEST_F(Kernels, AreThoseOfTheSameNumbersTargetAndCompiler) {
  const char* columns =
      "vector | rows | vectors | task_rows | query_tile | key_block | scores_query_tile\n";
  fs::create_directory(path("schedules"));
  write("schedules/baseline.txt", std::string(columns) + "4 | 4 | 2 | 128 | 64 | 256 | 16\n");
  const std::string environment = "ATTNC_SCHEDULES=schedules";
  EXPECT_EQ(build("", environment), 0);
  write("schedules/baseline.txt", std::string(columns) + "4 | 4 | 2 | 128 | 64 | 32 | 16\n");
  EXPECT_EQ(build("", environment), 3) << "projections have no blocks of keys";
  EXPECT_EQ(build("--sanitize thread", environment), 0);
  EXPECT_EQ(build("--sanitize thread", environment + " HL_ATTNC_TEST=1"), 0)
      << "Halide may read this variable";
}

TEST_F(Kernels, NeedAFolderThatCanBeMade) {
  write("file", "");
  refuses("build a.json -o out --kernels file/kernels", 1,
          "the folder file/kernels for kernels cannot be made: Not a directory");
  refuses("build a.json -o out --kernels ''", 2,
          "--kernels: has no name (`attnc build --help` shows how)");
}

}  // namespace
}  // namespace attnc
