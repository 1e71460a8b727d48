// encoder.h - sentences in, vectors out that point the same way where the sentences mean the same.
//
//   attn::Result<SentenceEncoder> encoder = SentenceEncoder::open(folder);
//   attn::Result<Matrix> e = encoder->embed(texts);   // a row of 384 for each text, of length 1
//   float similarity = e->row(0).dot(e->row(1));      // the cosine
//
// A text is cut into pieces, run through the model, averaged over its pieces, and scaled to length
// 1. Texts of about one length go together, padded to the longest of them; padding is masked and
// changes nothing.
// Not here: what lies beyond a text's 510th piece, which is not read.
#pragma once
#include <span>
#include <string>

#include "model.h"
#include "tokenizer.h"

class SentenceEncoder {
 public:
  /// The folder holds model.safetensors and vocab.txt.
  static attn::Result<SentenceEncoder> open(const std::string& folder,
                                            const ModelOptions& options = {});

  /// At most `batch` texts at a time, at least 1.
  attn::Result<Matrix> embed(std::span<const std::string> texts, int batch = 16) const;

  const Tokenizer& tokenizer() const { return tokenizer_; }
  const Model& model() const { return model_; }

 private:
  SentenceEncoder(Tokenizer tokenizer, Model model)
      : tokenizer_(std::move(tokenizer)), model_(std::move(model)) {}
  attn::Status embed_batch(std::span<const std::vector<int32_t>> texts,
                           std::span<const size_t> which, Matrix& result) const;

  Tokenizer tokenizer_;
  Model model_;
};

/// The folder with the model: `wanted` (what --model says) where it is not empty, else what the
/// environment variable SENTENCE_SEARCH_MODEL says, else the one that the build found. not_found: a
/// sentence that says how to get one.
attn::Result<std::string> find_model_folder(const std::string& wanted);
