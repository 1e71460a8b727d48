#!/usr/bin/env python3
"""Checks the references to files in the Markdown documents of a folder.

    python3 links.py [ROOT]

- A link to a file must name an existing file inside ROOT. A link to an anchor must name a heading, with GitHub's anchors.
- A path in `code` that begins with a folder of ROOT must exist: `tests/style/links.py`. It may contain globs, and a word
  in capitals stands for any text: `codegen/schedules/TARGET.txt`.

Each mistake is printed as FILE:LINE: WHAT; the exit code is 1 if there are any. Links to other hosts are not followed.
"""
import glob
import os
import re
import sys
import urllib.parse

FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
INLINE = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^\s<>()]*(?:\([^\s()]*\)[^\s<>()]*)*)>?(?:\s+[\"'(][^)]*)?\s*\)")
REFERENCE = re.compile(r"\[([^\[\]]+)\]\[([^\[\]]*)\]")
DEFINITION = re.compile(r"^ {0,3}\[([^\]^][^\]]*)\]:\s*<?([^\s>]+)>?")
NAMED_ANCHOR = re.compile(r"<a\s+(?:name|id)=\"([^\"]+)\"")
PATH = re.compile(r"[\w.+*?{},/-]+")


def documents(root):
    """Every Markdown file below root, except in hidden folders and build folders."""
    for folder, below, files in os.walk(root):
        below[:] = sorted(
            d for d in below
            if not d.startswith(".") and d != "build" and not (folder == root and d.startswith("build")))
        for name in sorted(files):
            if name.endswith(".md"):
                yield os.path.join(folder, name)


def lines_outside_fences(text):
    """(number, line) of all lines outside fenced code blocks."""
    fence = None
    for number, line in enumerate(text.split("\n"), 1):
        found = FENCE.match(line)
        if fence:
            if found and found.group(1).startswith(fence) and not line.strip().strip(fence[0]):
                fence = None
        elif found:
            fence = found.group(1)
        else:
            yield number, line


def anchors(text):
    """The anchors that GitHub makes for the headings of a document."""
    found, counts = set(), {}
    for _, line in lines_outside_fences(text):
        found.update(NAMED_ANCHOR.findall(line))
        heading = HEADING.match(line)
        if not heading:
            continue
        title = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(2))
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        count = counts.get(slug, 0)
        counts[slug] = count + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found


def expand_braces(pattern):
    """Expands `a.{h,cpp}` to a.h and a.cpp."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if not found:
        return [pattern]
    return [p for choice in found.group(1).split(",")
            for p in expand_braces(pattern[:found.start()] + choice + pattern[found.end():])]


def missing_paths(root, code):
    """The paths in a piece of code that do not exist."""
    if not PATH.fullmatch(code) or "/" not in code:
        return []
    top = code.split("/")[0]
    if not os.path.isdir(os.path.join(root, top)) or top.startswith((".", "build")):
        return []
    patterns = expand_braces(re.sub(r"[A-Z]{3,}", "*", code))
    return [code for p in patterns if not glob.glob(os.path.join(root, p.rstrip("/")))]


class Checker:
    def __init__(self, root):
        self.root = os.path.realpath(root)
        self.mistakes = []
        self.documents = self.links = self.paths = 0
        self.anchors_of = {}

    def check(self):
        for file in documents(self.root):
            self.documents += 1
            self.check_document(file)
        if not self.documents:
            self.mistakes.append(f"{self.root}: there are no Markdown documents")
        return self.mistakes

    def check_document(self, file):
        name = os.path.relpath(file, self.root)
        text = self.read(file)
        defined, plain = {}, []
        for number, line in lines_outside_fences(text):
            for _, code in CODE.findall(line):
                for path in missing_paths(self.root, code.strip()):
                    self.mistakes.append(f"{name}:{number}: `{path}` does not exist")
                self.paths += 1
            line = CODE.sub("code", line)
            definition = DEFINITION.match(line)
            if definition:
                defined[definition.group(1).lower()] = True
                self.check_link(file, name, number, definition.group(2))
            else:
                plain.append((number, line))
        for number, line in plain:
            for target in INLINE.findall(line):
                self.check_link(file, name, number, target)
            for label, reference in REFERENCE.findall(INLINE.sub("", line)):
                self.links += 1
                if (reference or label).lower() not in defined:
                    self.mistakes.append(f"{name}:{number}: [{label}][{reference}] has no definition")

    def check_link(self, file, name, number, target):
        self.links += 1
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", target):
            return
        path, _, anchor = target.partition("#")
        path = urllib.parse.unquote(path)
        base = self.root if path.startswith("/") else os.path.dirname(file)
        to = os.path.normpath(os.path.join(base, path.lstrip("/"))) if path else file
        if os.path.commonpath([self.root, to]) != self.root:
            self.mistakes.append(f"{name}:{number}: link to {target}, which is outside of the repository")
        elif not os.path.exists(to):
            self.mistakes.append(f"{name}:{number}: link to {target}, which does not exist")
        elif anchor and to.endswith(".md"):
            if to not in self.anchors_of:
                self.anchors_of[to] = anchors(self.read(to))
            if urllib.parse.unquote(anchor) not in self.anchors_of[to]:
                self.mistakes.append(f"{name}:{number}: link to {target}, and no heading there has the anchor #{anchor}")

    @staticmethod
    def read(file):
        with open(file, encoding="utf-8") as stream:
            return stream.read()


def main(arguments):
    checker = Checker(arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    for mistake in checker.check():
        print(mistake)
    print(f"{checker.documents} documents, {checker.links} links, {checker.paths} pieces of code, "
          f"{len(checker.mistakes)} mistakes")
    return 1 if checker.mistakes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
