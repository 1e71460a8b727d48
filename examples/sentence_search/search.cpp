#include "search.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

attn::Result<std::vector<Text>> read_texts(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    return attn::Status(attn::StatusCode::not_found,
                        "there is no file " + file + "; --texts takes one with a text a line");
  }
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file, ignored)) {
    return attn::Status(attn::StatusCode::not_found,
                        "cannot read " + file + "; --texts takes a file with a text a line");
  }
  std::vector<Text> texts;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (number == 1 && line.starts_with("\xEF\xBB\xBF"))
      line.erase(0, 3);  // what some editors begin UTF-8 with
    if (line.find('\0') != std::string::npos) {
      return attn::Status(attn::StatusCode::invalid_file,
                          file + ", line " + std::to_string(number) +
                              " holds a zero byte, expected text in UTF-8: is it "
                              "UTF-16, or no text at all?");
    }
    const size_t last = line.find_last_not_of(" \t\r");
    if (last == std::string::npos) continue;
    line.resize(last + 1);
    texts.push_back({line, number});
  }
  if (texts.empty()) {
    return attn::Status(attn::StatusCode::invalid_file,
                        file + " holds no text, expected one a line");
  }
  return texts;
}

std::vector<Found> rank(const Eigen::RowVectorXf& question, const Matrix& texts, int top) {
  std::vector<Found> found;
  const Eigen::VectorXf scores = texts * question.transpose();
  for (Eigen::Index i = 0; i < scores.size(); ++i)
    found.push_back({static_cast<int>(i), scores[i]});
  std::stable_sort(found.begin(), found.end(),
                   [](const Found& a, const Found& b) { return a.score > b.score; });
  if (found.size() > static_cast<size_t>(top)) found.resize(static_cast<size_t>(top));
  return found;
}
