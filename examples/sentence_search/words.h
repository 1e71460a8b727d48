// words.h - a text's words as BERT's uncased models see them: lower case, accents off, punctuation
// and ideographs apart.
//
//   for (const Word& word : split_words("Où est l'été?")) ...   // ou | est | l | ' | ete | ?
//
// Control characters vanish, white space of any kind separates, syllables of Hangul fall into their
// letters. Bytes that are no UTF-8 are taken as U+FFFD, which vanishes as well. The tables come
// from the reference library (unicode_tables.inc).
#pragma once
#include <string>
#include <string_view>
#include <vector>

using Word = std::u32string;

std::vector<Word> split_words(std::string_view text);

/// The code points of a text; U+FFFD for every stretch that is no UTF-8 (cut, overlong, surrogates,
/// beyond U+10FFFF).
std::u32string decode_utf8(std::string_view text);
std::string encode_utf8(std::u32string_view text);
