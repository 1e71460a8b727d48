#include "tokenizer.h"

#include <fstream>

namespace {

constexpr size_t longest_word = 100;  // characters; the reference's limit

}  // namespace

attn::Result<Tokenizer> Tokenizer::open(const std::string& vocabulary_file) {
  std::ifstream in(vocabulary_file, std::ios::binary);
  if (!in) {
    return attn::Status(attn::StatusCode::not_found,
                        "cannot read the vocabulary " + vocabulary_file);
  }
  Tokenizer t;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!t.numbers_.emplace(line, static_cast<int32_t>(t.pieces_.size())).second) {
      return attn::Status(attn::StatusCode::invalid_file,
                          vocabulary_file + ", line " + std::to_string(t.pieces_.size() + 1) +
                              ": the piece `" + line +
                              "` was there before; a vocabulary has every piece once");
    }
    t.pieces_.push_back(line);
  }
  for (const auto& [name, number] :
       {std::pair("[UNK]", &t.unknown_), {"[CLS]", &t.begin_}, {"[SEP]", &t.end_}}) {
    const auto at = t.numbers_.find(std::string_view(name));
    if (at == t.numbers_.end()) {
      return attn::Status(attn::StatusCode::invalid_file,
                          vocabulary_file + " has no line `" + name +
                              "`, which every BERT vocabulary has: it is cut, or "
                              "another kind of file");
    }
    *number = at->second;
  }
  return t;
}

void Tokenizer::append_pieces(std::vector<int32_t>& ids, const Word& word) const {
  if (word.size() > longest_word) {
    ids.push_back(unknown_);
    return;
  }
  const size_t before = ids.size();
  for (size_t from = 0; from < word.size();) {
    size_t to = word.size();
    for (; to > from; --to) {
      std::string piece(from > 0 ? "##" : "");
      piece += encode_utf8(std::u32string_view(word).substr(from, to - from));
      if (const auto at = numbers_.find(piece); at != numbers_.end()) {
        ids.push_back(at->second);
        break;
      }
    }
    if (to == from) {  // no piece fits here: the whole word is unknown
      ids.resize(before);
      ids.push_back(unknown_);
      return;
    }
    from = to;
  }
}

std::vector<int32_t> Tokenizer::encode(std::string_view text, size_t longest) const {
  std::vector<int32_t> ids{begin_};
  for (const Word& word : split_words(text)) {
    append_pieces(ids, word);
    if (ids.size() >= longest) break;
  }
  if (ids.size() > longest - 1) ids.resize(longest - 1);
  ids.push_back(end_);
  return ids;
}
