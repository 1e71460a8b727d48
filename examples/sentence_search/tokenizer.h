// tokenizer.h - BERT's WordPiece: a text becomes the numbers of a vocabulary's pieces.
//
//   attn::Result<Tokenizer> tokenizer = Tokenizer::open("vocab.txt");
//   if (!tokenizer.ok()) return tokenizer.status();
//   std::vector<int32_t> ids = tokenizer->encode("Compilers can fuse");
//   // [CLS] compiler ##s can fuse [SEP]: 101 21624 2015 2064 19976 102
//
// A word is cut from the left into the longest pieces that the vocabulary has; where that fails,
// and where a word has more than 100 characters, it is [UNK]. A text is only text: "[SEP]" in it is
// a bracket, a word and a bracket.
// Not here: pairs of sentences, cased models, turning numbers back into text.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "attn/runtime/status.h"
#include "words.h"

class Tokenizer {
 public:
  /// A file of one piece a line, its number that of the line. not_found, or invalid_file where
  /// [UNK], [CLS] or [SEP] is missing or a piece comes twice.
  static attn::Result<Tokenizer> open(const std::string& vocabulary_file);

  /// [CLS], at most `longest` - 2 pieces of the text, [SEP]. `longest` is at least 2.
  std::vector<int32_t> encode(std::string_view text, size_t longest = 512) const;

  /// The piece of a number in [0, size()).
  const std::string& piece(int32_t id) const { return pieces_[static_cast<size_t>(id)]; }
  int64_t size() const { return static_cast<int64_t>(pieces_.size()); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };

  Tokenizer() = default;
  void append_pieces(std::vector<int32_t>& ids, const Word& word) const;

  std::vector<std::string> pieces_;
  std::unordered_map<std::string, int32_t, Hash, std::equal_to<>> numbers_;
  int32_t unknown_ = 0, begin_ = 0, end_ = 0;
};
