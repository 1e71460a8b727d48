#include "words.h"

#include <algorithm>
#include <iterator>

namespace {

struct Range {
  char32_t first, last;
};

struct Folding {
  char32_t from;
  char32_t to[2];  // the second is 0 where one is all
};

#include "unicode_tables.inc"

// Ideographs, which are words of their own; the reference's ranges, its gap at U+2B820 included.
constexpr Range ideographs[] = {
    {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},   {0x20000, 0x2A6DF},
    {0x2A700, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F},
};

template <size_t n>
bool within(const Range (&ranges)[n], char32_t c) {
  const auto* r = std::upper_bound(std::begin(ranges), std::end(ranges), c,
                                   [](char32_t x, const Range& range) { return x < range.first; });
  return r != std::begin(ranges) && c <= std::prev(r)->last;
}

// Unicode's formula: a syllable is a first letter, a vowel and perhaps a last letter; there are
// 19 * 21 * 28 of them, in this order.
void append_hangul(Word& word, char32_t c) {
  const char32_t index = c - 0xAC00;
  word += 0x1100 + index / 588;
  word += 0x1161 + index % 588 / 28;
  if (index % 28 != 0) word += 0x11A7 + index % 28;
}

void append_folded(Word& word, char32_t c) {
  if (c >= 0xAC00 && c <= 0xD7A3) return append_hangul(word, c);
  const auto* f =
      std::lower_bound(std::begin(foldings), std::end(foldings), c,
                       [](const Folding& folding, char32_t x) { return folding.from < x; });
  if (f == std::end(foldings) || f->from != c) {
    word += c;
    return;
  }
  word += f->to[0];
  if (f->to[1] != 0) word += f->to[1];
}

// The code point that begins at `at`, and behind it; U+FFFD for what can begin none, up to the
// first byte that can.
char32_t next_code_point(std::string_view text, size_t& at) {
  constexpr char32_t bad = 0xFFFD;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(at++);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4) return bad;
  char32_t c = lead & (0x3Fu >> more);
  for (int i = 0; i < more; ++i) {
    if (at == text.size() || (byte(at) & 0xC0) != 0x80) return bad;
    const unsigned next = byte(at);
    // The first continuation byte decides whether it is overlong, a surrogate or too large.
    if (i == 0 && ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next >= 0xA0) ||
                   (lead == 0xF0 && next < 0x90) || (lead == 0xF4 && next >= 0x90))) {
      return bad;
    }
    c = c << 6 | (next & 0x3F);
    ++at;
  }
  return c;
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (size_t at = 0; at < text.size();) result += next_code_point(text, at);
  return result;
}

std::string encode_utf8(std::u32string_view text) {
  std::string result;
  for (const char32_t c : text) {
    const auto tail = [&](int shift) { result += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
    if (c < 0x80) {
      result += static_cast<char>(c);
    } else if (c < 0x800) {
      result += static_cast<char>(0xC0 | c >> 6), tail(0);
    } else if (c < 0x10000) {
      result += static_cast<char>(0xE0 | c >> 12), tail(6), tail(0);
    } else {
      result += static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0);
    }
  }
  return result;
}

std::vector<Word> split_words(std::string_view text) {
  std::vector<Word> words;
  Word word, folded;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (const char32_t c : decode_utf8(text)) {
    if (within(removed, c)) continue;
    if (within(white_space, c)) {
      end_word();
      continue;
    }
    const bool apart = within(ideographs, c);
    if (apart) end_word();
    folded.clear();
    append_folded(folded, c);
    for (const char32_t f : folded) {
      if (within(punctuation, f)) {
        end_word();
        words.emplace_back(1, f);
      } else {
        word += f;
      }
    }
    if (apart) end_word();
  }
  end_word();
  return words;
}
