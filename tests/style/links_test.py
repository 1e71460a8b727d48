#!/usr/bin/env python3
"""links.py reports broken references and accepts valid ones, in documents made for this test."""
import contextlib
import io
import os
import tempfile
import unittest

import links


class Links(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = self.folder.name
        self.write("sub/other.md", "# Other words: `code`, and [a link](../README.md)\n\n## Same\n\n## Same\n")
        self.write("sub/file.cpp", "")

    def write(self, name, text):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)

    def mistakes(self, text):
        self.write("README.md", "# Title\n" + text)
        return links.Checker(self.root).check()

    def refuses(self, text, *sentences):
        found = self.mistakes(text)
        self.assertEqual(found, [f"README.md:2: {s}" for s in sentences])

    def takes(self, text):
        self.assertEqual(self.mistakes(text), [])

    def test_files(self):
        self.takes("[other](sub/other.md) [folder](sub) [source](sub/file.cpp#L10) [root](/sub/file.cpp)")
        self.takes("[web](https://example.org/none.md) [mail](mailto:a@b.c) ![picture](sub/file.cpp)")
        self.refuses("text [other](sub/none.md) text", "link to sub/none.md, which does not exist")
        self.refuses("![picture](none.svg \"title\")", "link to none.svg, which does not exist")
        self.refuses("[one](none) and [two](sub/none)", "link to none, which does not exist",
                     "link to sub/none, which does not exist")
        self.refuses("[outside](../x.md)", "link to ../x.md, which is outside of the repository")
        self.refuses("[a [nested](none.md) text](none.md)", "link to none.md, which does not exist")
        self.refuses("| [in a table](none.md) | `code` |", "link to none.md, which does not exist")

    def test_names_with_other_letters(self):
        self.write("sub/a b.md", "# Ä, ö & ü\n")
        self.takes("[space](sub/a%20b.md#ä-ö--ü)")
        self.refuses("[space](sub/a%20c.md)", "link to sub/a%20c.md, which does not exist")

    def test_anchors(self):
        self.takes("[here](#title) [there](sub/other.md#other-words-code-and-a-link)")
        self.takes("[first](sub/other.md#same) [second](sub/other.md#same-1)")
        self.takes("<a name=\"own\"></a> [own](#own)")
        self.refuses("[third](sub/other.md#same-2)",
                     "link to sub/other.md#same-2, and no heading there has the anchor #same-2")
        self.refuses("[here](#nothing)", "link to #nothing, and no heading there has the anchor #nothing")

    def test_what_is_code_is_no_link_and_no_heading(self):
        self.takes("`[](auto) { return 0.0f; }` and `a[i](none.md)`")
        self.takes("```\n[in a fence](none.md)\n# No heading\n```\n")
        self.takes("~~~~ text\n```\n[still in the fence](none.md)\n~~~~\n")
        self.assertEqual(self.mistakes("```\n# No heading\n```\n[x](#no-heading)"),
                         ["README.md:5: link to #no-heading, and no heading there has the anchor #no-heading"])

    def test_references(self):
        self.takes("[text][label] and [label][]\n\n[label]: sub/other.md\n")
        self.refuses("[text][label]", "[text][label] has no definition")
        self.assertEqual(self.mistakes("[text][label]\n\n[label]: none.md\n"),
                         ["README.md:4: link to none.md, which does not exist"])

    def test_paths_in_code(self):
        self.takes("`sub/file.cpp`, `sub/file.{cpp,cpp}`, `sub/*.cpp`, `sub/`, `sub/NAME.cpp`, `elsewhere/x`, `a / b`")
        self.refuses("`sub/none.cpp`", "`sub/none.cpp` does not exist")
        self.refuses("`sub/file.{cpp,h}`", "`sub/file.{cpp,h}` does not exist")
        self.refuses("`sub/NAME.h`", "`sub/NAME.h` does not exist")

    def test_hidden_and_build_folders_are_not_read(self):
        for folder in (".venv", "build", "build-debug", "sub/build"):
            self.write(f"{folder}/README.md", "[x](none.md)")
        self.takes("")
        self.write("sub/builds/README.md", "[x](none.md)")
        self.assertEqual(self.mistakes(""), ["sub/builds/README.md:1: link to none.md, which does not exist"])

    def test_exit_codes(self):
        for text, code, last in (("[x](sub)", 0, "2 documents, 2 links, 1 pieces of code, 0 mistakes"),
                                 ("[x](none)", 1, "2 documents, 2 links, 1 pieces of code, 1 mistakes")):
            self.write("README.md", text)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                self.assertEqual(links.main([self.root]), code)
            self.assertEqual(out.getvalue().split("\n")[-2], last)
        with tempfile.TemporaryDirectory() as empty, contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(links.main([empty]), 1)


if __name__ == "__main__":
    unittest.main()
