// search.h - texts from a file, and which of them are nearest to a question.
//
//   attn::Result<std::vector<Text>> texts = read_texts("texts.txt");
//   for (const Found& f : rank(question, embeddings, 5)) ...  // the best first
//     print(f.score, (*texts)[f.text].text);                   // a cosine, an index
#pragma once
#include <string>
#include <vector>

#include "attn/runtime/status.h"
#include "dense.h"

struct Text {
  std::string text;
  int line = 0;  // in its file, from 1
};

/// A text a line; blank lines are left out. not_found, or invalid_file where nothing is left or a
/// line has a zero byte.
attn::Result<std::vector<Text>> read_texts(const std::string& file);

struct Found {
  int text = 0;
  float score = 0;  // from -1 to 1
};

/// The `top` rows of `texts` (all, where there are fewer) with the largest cosine to `question`;
/// equal ones in their order. All vectors have length 1.
std::vector<Found> rank(const Eigen::RowVectorXf& question, const Matrix& texts, int top);
