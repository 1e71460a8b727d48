#!/usr/bin/env python3
"""Writes unicode_tables.inc: what BERT's uncased tokenizer makes of every code point, asked of the library itself.

    pip install tokenizers==0.23.3 && scripts/make_unicode_tables.py VOCAB.TXT > unicode_tables.inc

Removed code points and punctuation are complete. Foldings (lower case, accents off) are those that can matter: where
neither the code point nor what it folds to occurs in the vocabulary, the word is [UNK] either way. Not in the table,
because a formula says it: syllables of Hangul, and the ranges of ideographs.
"""
import sys

from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

normalizer, splitter = BertNormalizer(), BertPreTokenizer()
known = set("".join(line.rstrip("\n") for line in open(sys.argv[1], encoding="utf-8")))
removed, spaces, punctuation, folded = [], [], [], []
for code in range(0x110000):
    if 0xD800 <= code < 0xE000:
        continue
    char = chr(code)
    normal = normalizer.normalize_str(char)
    if normal == "":
        removed.append(code)
    elif normal == " ":
        spaces.append(code)
    elif normal.strip(" ") != char and not 0xAC00 <= code <= 0xD7A3:
        target = normal.strip(" ")
        if char in known or all(c in known for c in target):
            folded.append((code, target))
    if len(splitter.pre_tokenize_str("a" + char + "a")) == 3:
        punctuation.append(code)


def ranges(codes):
    result = []
    for code in codes:
        if result and result[-1][1] == code - 1:
            result[-1][1] = code
        else:
            result.append([code, code])
    return result


def write(comment, declaration, entries):
    print(f"\n// {comment}\n{declaration} = {{")
    line = ""
    for entry in entries:
        if len(line) + len(entry) + 1 > 94:
            print("   " + line)
            line = ""
        line += " " + entry
    print("   " + line + "\n};")


def write_ranges(comment, name, codes):
    write(comment, f"constexpr Range {name}[]", ["{0x%X, 0x%X}," % tuple(r) for r in ranges(codes)])


print("// Written by scripts/make_unicode_tables.py from the library `tokenizers` 0.23.3; run it again to change this.")
print("// clang-format off")
write_ranges("Control characters and the like, and combining marks: taken out.", "removed", removed)
write_ranges("White space: between words.", "white_space", spaces)
write_ranges("Punctuation: a word of its own, each.", "punctuation", punctuation)
write("Lower case, accents off; two vowel signs of Bengali and Tamil become two.", "constexpr Folding foldings[]",
      ["{0x%X, {%s}}," % (c, ", ".join("0x%X" % ord(t) for t in target)) for c, target in folded])
print("// clang-format on")
