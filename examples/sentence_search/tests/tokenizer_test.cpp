// The tokenizer against the ids that the reference library gave (data/tokenizer_cases.json), and
// what no library says.
#include "tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "encoder.h"

namespace {

class TokenizerTest : public testing::Test {
 protected:
  void SetUp() override {
    const attn::Result<std::string> folder = find_model_folder("");
    ASSERT_TRUE(folder.ok()) << folder.status().message();
    attn::Result<Tokenizer> opened = Tokenizer::open(*folder + "/vocab.txt");
    ASSERT_TRUE(opened.ok()) << opened.status().message();
    tokenizer_ = std::make_unique<Tokenizer>(*std::move(opened));
  }
  /// The pieces between [CLS] and [SEP], with spaces.
  std::string pieces(std::string_view text) const {
    const std::vector<int32_t> ids = tokenizer_->encode(text);
    EXPECT_EQ(tokenizer_->piece(ids.front()), "[CLS]");
    EXPECT_EQ(tokenizer_->piece(ids.back()), "[SEP]");
    std::string all;
    for (size_t i = 1; i + 1 < ids.size(); ++i)
      all += (i > 1 ? " " : "") + tokenizer_->piece(ids[i]);
    return all;
  }
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_F(TokenizerTest, GivesTheIdsOfTheReference) {
  const auto stored = nlohmann::json::parse(std::ifstream(DATA "/tokenizer_cases.json"));
  ASSERT_GE(stored["cases"].size(), 90u);
  for (const auto& c : stored["cases"]) {
    const auto text = c["text"].get<std::string>();
    EXPECT_EQ(tokenizer_->encode(text), c["ids"].get<std::vector<int32_t>>()) << text;
  }
}

TEST_F(TokenizerTest, CutsWordsIntoTheLongestPieces) {
  EXPECT_EQ(pieces("Compilers can fuse the softmax!"), "compiler ##s can fuse the soft ##max !");
  EXPECT_EQ(pieces("Où est l'été?"), "ou est l ' et ##e ?");
}

TEST_F(TokenizerTest, TakesTheNamesOfSpecialPiecesAsText) {
  EXPECT_EQ(pieces("[SEP] [MASK]"), "[ sep ] [ mask ]");
}

TEST_F(TokenizerTest, LeavesOutWhatIsNoUtf8) {
  EXPECT_EQ(pieces("caf\xE9 at noon"), "caf at noon");  // Latin-1
  EXPECT_EQ(pieces("cut \xF0\x9F\x98"), "cut");         // an emoji without its last byte
  EXPECT_EQ(pieces("over\xC1\xA1 long\xE0\x80\xAF"), "over long");  // overlong forms
  EXPECT_EQ(pieces("surro\xED\xA0\x80gate"), "sur ##rogate");       // U+D800
  EXPECT_EQ(pieces("be\xF4\x90\x80\x80yond\xFF\xFE"),
            "beyond");  // U+110000; bytes that never occur
}

TEST_F(TokenizerTest, KeepsToALength) {
  const std::string text = "one two three four five";
  EXPECT_EQ(tokenizer_->encode(text, 7).size(), 7u);
  EXPECT_EQ(tokenizer_->encode(text, 6).size(), 6u);
  EXPECT_EQ(tokenizer_->encode(text, 6).back(), tokenizer_->encode(text).back());
  EXPECT_EQ(tokenizer_->encode(text, 2).size(), 2u);
}

TEST(Utf8, ComesBackAsItWas) {
  const std::string text = "a\u00e9\u07ff\u0800\uffff\U00010000\U0010ffff";
  EXPECT_EQ(encode_utf8(decode_utf8(text)), text);
  EXPECT_EQ(decode_utf8("a\xE2\x82z"), U"a\uFFFDz");
}

std::string vocabulary(const std::string& text) {
  std::filesystem::create_directories(SCRATCH);
  const std::string file = SCRATCH "/vocabulary.txt";
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

TEST(Vocabulary, SaysWhatIsWrong) {
  EXPECT_EQ(Tokenizer::open(SCRATCH "/none.txt").status().message(),
            "cannot read the vocabulary " SCRATCH "/none.txt");
  const std::string cut = vocabulary("[PAD]\n[UNK]\n[CLS]\n");
  EXPECT_EQ(Tokenizer::open(cut).status().message(),
            cut +
                " has no line `[SEP]`, which every BERT vocabulary has: it is cut, or another kind "
                "of file");
  const std::string twice = vocabulary("[UNK]\n[CLS]\n[SEP]\na\na\n");
  EXPECT_EQ(Tokenizer::open(twice).status().message(),
            twice + ", line 5: the piece `a` was there before; a vocabulary has every piece once");
}

TEST(Vocabulary, TakesLinesThatEndInCarriageReturns) {
  const attn::Result<Tokenizer> t =
      Tokenizer::open(vocabulary("[UNK]\r\n[CLS]\r\n[SEP]\r\nab\r\n##c\r\n"));
  ASSERT_TRUE(t.ok()) << t.status().message();
  EXPECT_EQ(t->encode("abc x"), (std::vector<int32_t>{1, 3, 4, 0, 2}));
}

}  // namespace
