// Reading the layers of an object file, and every way in which such a file can be damaged.
#include "import/section.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "import/read_file.h"

namespace attnc {
namespace {

std::string layers_object() {
  auto bytes = read_file(LAYERS_OBJECT, 1 << 20);
  EXPECT_TRUE(bytes.ok());
  return *bytes;
}

TEST(Section, HoldsTheLayersInOrder) {
  auto layers = layers_of_object(LAYERS_OBJECT);
  ASSERT_TRUE(layers.ok()) << layers.status().message();
  ASSERT_EQ(layers->size(), 2u);
  EXPECT_EQ((*layers)[0].name, "model::encoder");
  EXPECT_EQ((*layers)[0].file, "layers_object.cpp");
  EXPECT_GT((*layers)[0].line, 0);
  EXPECT_EQ((*layers)[1].name, "model::decoder");
  EXPECT_EQ((*layers)[1].graph.weights.size, 4);
}

TEST(Section, TellsWhatIsMissing) {
  EXPECT_EQ(layers_of_object("/nowhere/section.o").status().message(),
            "/nowhere/section.o: no such file");
  EXPECT_EQ(layers_of_object("/tmp").status().message(), "/tmp: is no regular file");
  EXPECT_EQ(
      layers_of_object(NOTHING_OBJECT).status().message(), NOTHING_OBJECT
      ": has no section .attn: compile a file with `ATTN_SECTION(model::layers)` (attn/section.h), "
      "without link-time optimisation");
  EXPECT_EQ(
      layers_of_object("BC\xC0\xDE and so on", "x.o").status().message(),
      "x.o: holds LLVM bitcode in place of machine code: switch link-time optimisation off for it");
  for (const std::string& text :
       {std::string(), std::string("int main() {}"), std::string(100, '\0')}) {
    const Status s = layers_of_object(text, "x.o").status();
    EXPECT_EQ(s.code(), attn::StatusCode::invalid_file);
    EXPECT_EQ(s.message(), "x.o: is no ELF object file");
  }
}

TEST(Section, EveryCutIsASentenceThatNamesTheFile) {
  const std::string whole = layers_object();
  for (size_t size = 0; size < whole.size(); ++size) {
    auto layers = layers_of_object(whole.substr(0, size), "cut.o");
    // If only bytes after the last section header are cut off, the file may still be readable.
    if (layers.ok())
      EXPECT_EQ(layers->size(), 2u);
    else
      EXPECT_EQ(layers.status().message().find("cut.o: "), 0u) << size;
  }
}

TEST(Section, ForgedBytesNeverCrash) {
  const std::string whole = layers_object();
  std::mt19937 random(20261121);
  for (int round = 0; round < 4000; ++round) {
    std::string forged = whole;
    for (int n = 1 + round % 3; n-- > 0;) {
      forged[random() % forged.size()] =
          static_cast<char>(round % 2 ? random() : (random() % 2 ? 0xff : 0));
    }
    auto layers = layers_of_object(forged, "forged.o");
    if (!layers.ok()) ASSERT_EQ(layers.status().message().find("forged.o: "), 0u);
  }
}

}  // namespace
}  // namespace attnc
