// The whole way from text to embedding against stored results of the model
// (data/sentence_embeddings.json, in double), on every variant that this processor runs; and that
// batches and threads change nothing.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <tuple>

#include "encoder.h"
#include "search.h"

namespace {

constexpr float as_stored = 1e-4f, as_alone = 1e-5f;

SentenceEncoder open(const ModelOptions& options = {}) {
  const attn::Result<std::string> folder = find_model_folder("");
  if (!folder.ok()) throw std::runtime_error(folder.status().message());
  attn::Result<SentenceEncoder> encoder = SentenceEncoder::open(*folder, options);
  if (!encoder.ok()) throw std::runtime_error(encoder.status().message());
  return *std::move(encoder);
}

float distance(const Matrix& a, const Matrix& b) {
  EXPECT_EQ(std::tuple(a.rows(), a.cols()), std::tuple(b.rows(), b.cols()));
  // Not maxCoeff alone: a NaN must not pass.
  return (a - b).array().isFinite().all() ? (a - b).cwiseAbs().maxCoeff() : INFINITY;
}

class Stored : public testing::Test {
 protected:
  void SetUp() override {
    const auto file = nlohmann::json::parse(std::ifstream(DATA "/sentence_embeddings.json"));
    sentences = file["sentences"].get<std::vector<std::string>>();
    tokens = file["tokens"].get<std::vector<std::vector<std::string>>>();
    padded_ids = file["input_ids"].get<std::vector<std::vector<int32_t>>>();
    const auto rows = file["embeddings_f64"].get<std::vector<std::vector<double>>>();
    ASSERT_EQ(rows.size(), sentences.size());
    embeddings.resize(static_cast<Eigen::Index>(rows.size()), Model::features);
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(rows[i].size(), size_t{Model::features});
      for (size_t j = 0; j < rows[i].size(); ++j) {
        embeddings(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
            static_cast<float>(rows[i][j]);
      }
    }
  }
  std::vector<std::string> sentences;
  std::vector<std::vector<std::string>> tokens;
  std::vector<std::vector<int32_t>> padded_ids;
  Matrix embeddings;
};

TEST_F(Stored, TokensAreEqual) {
  const SentenceEncoder encoder = open();
  for (size_t i = 0; i < sentences.size(); ++i) {
    std::vector<int32_t> ids = encoder.tokenizer().encode(sentences[i]);
    std::vector<std::string> pieces;
    for (const int32_t id : ids) pieces.push_back(encoder.tokenizer().piece(id));
    EXPECT_EQ(pieces, tokens[i]);
    ids.resize(padded_ids[i].size());
    EXPECT_EQ(ids, padded_ids[i]);
  }
}

TEST_F(Stored, EmbeddingsAreCloseOnEveryVariant) {
  const attn::Result<std::string> folder = find_model_folder("");
  ASSERT_TRUE(folder.ok()) << folder.status().message();
  int ran = 0;
  const attn_layer_table& table = attn::Binding<model::encoder>::table();
  for (int v = 0; v < table.variant_count; ++v) {
    const std::string variant = table.variants[v].target;
    const attn::Result<SentenceEncoder> encoder =
        SentenceEncoder::open(*folder, {.variant = variant, .executor = nullptr});
    if (!encoder.ok()) {
      // This processor lacks what the variant needs; anything else is a failure.
      EXPECT_EQ(encoder.status().code(), attn::StatusCode::unsupported)
          << encoder.status().message();
      continue;
    }
    EXPECT_EQ(encoder->model().variant(), variant);
    const attn::Result<Matrix> got = encoder->embed(sentences);
    ASSERT_TRUE(got.ok()) << got.status().message();
    const float d = distance(*got, embeddings);
    EXPECT_LE(d, as_stored) << variant;
    std::printf("%-8s  largest distance from the stored embeddings: %.1e\n", variant.c_str(), d);
    ++ran;
  }
  EXPECT_GE(ran, 1);  // baseline runs everywhere
}

TEST(Embeddings, BatchesChangeNothing) {
  const SentenceEncoder encoder = open();
  const attn::Result<std::vector<Text>> texts = read_texts(DATA "/texts.txt");
  ASSERT_TRUE(texts.ok());
  // From no piece to as many as the model takes, so that padding is most of a batch.
  std::vector<std::string> all{"", "one",
                               std::string("what a very long text it is ") + std::string(900, '.')};
  for (const Text& t : *texts) {
    if (all.size() < 12) all.push_back(t.text);
  }
  const attn::Result<Matrix> alone = encoder.embed(all, 1), some = encoder.embed(all, 5),
                             together = encoder.embed(all, 100);
  ASSERT_TRUE(alone.ok() && some.ok() && together.ok());
  EXPECT_LE(distance(*some, *alone), as_alone);
  EXPECT_LE(distance(*together, *alone), as_alone);
  std::printf("largest distance of one batch of %zu from texts alone: %.1e\n", all.size(),
              distance(*together, *alone));
  for (Eigen::Index i = 0; i < alone->rows(); ++i) EXPECT_NEAR(alone->row(i).norm(), 1, 1e-5);
}

TEST(Embeddings, ThreadsChangeNothing) {
  attn::ThreadPool three(3);
  const SentenceEncoder serial = open({.variant = "", .executor = &attn::serial_executor()});
  const SentenceEncoder parallel = open({.variant = "", .executor = &three});
  const std::vector<std::string> texts{"A fugue begins with one voice alone.",
                                       "Slugs stay away from lavender.", "Green tea."};
  const attn::Result<Matrix> a = serial.embed(texts), b = parallel.embed(texts);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(distance(*a, *b), 0);
}

TEST(Embeddings, OfNoTextsAreNone) {
  const attn::Result<Matrix> none = open().embed({});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->rows(), 0);
}

TEST(Model, RefusesWhatIsOutside) {
  const SentenceEncoder encoder = open();
  const std::vector<int32_t> ids{101, Model::words};
  const std::vector<uint8_t> mask{1, 1};
  EXPECT_EQ(encoder.model().run(ids, mask, 1, 2).status().message(),
            "an id is outside of the vocabulary of 30522 pieces");
  EXPECT_EQ(encoder.model().run(ids, mask, 1, 3).status().message(),
            "expected texts * length ids and as many entries of the mask, length at most 512; got "
            "1 * 3, 2 and 2");
}

TEST(Ranking, PutsTheNearestFirst) {
  Matrix texts(3, 2);
  texts << 1, 0, 0, 1, 1, 0;
  Eigen::RowVectorXf question(2);
  question << 1, 0;
  const std::vector<Found> found = rank(question, texts, 2);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(std::tuple(found[0].text, found[1].text), std::tuple(0, 2));
  EXPECT_EQ(rank(question, texts, 10).size(), 3u);
}

}  // namespace
