// The kind of a file by its first bytes, for arbitrary bytes.
#include "files/file_kind.h"

#include <gtest/gtest.h>

#include <cctype>
#include <random>

#include "other_files.h"
#include "safetensors_files.h"

namespace {

using attn::describe_file;
using attn::FileKind;

TEST(FileKind, OfEverySample) {
  for (const other_files::Sample& sample : other_files::samples()) {
    EXPECT_EQ(describe_file(sample.bytes).kind, FileKind::other) << sample.bytes;
    EXPECT_EQ(describe_file(sample.bytes).sentence, sample.sentence);
  }
  EXPECT_EQ(describe_file("\x89HDF\r\n\x1a\n").kind, FileKind::hdf5);
  EXPECT_EQ(describe_file(other_files::zip("config.json")).kind, FileKind::zip);
  EXPECT_EQ(describe_file(other_files::zip("any")).kind, FileKind::zip);
  EXPECT_EQ(describe_file(std::string(64, '\1')).kind, FileKind::unknown);
}

/// Headers whose lengths begin with the same bytes as files of other kinds.
TEST(FileKind, SafetensorsOfAnyLength) {
  const size_t gzip = 0x088b1f, pickle = 0x028a0280 % 0x1000000, text = 0x20;
  for (const size_t length : {size_t{2}, text, pickle, gzip}) {
    std::string header = "{}";
    header.resize(length, ' ');
    const std::string bytes = files::file(header, "");
    EXPECT_EQ(describe_file(std::string_view(bytes).substr(0, attn::telling_bytes)).kind,
              FileKind::safetensors);
    EXPECT_TRUE(files::open(bytes).ok()) << length;
  }
}

TEST(FileKind, OfAnyBytes) {
  std::mt19937 random(11);
  std::vector<std::string> starts{"\x89HDF\r\n\x1a\n", other_files::zip("metadata.json")};
  for (const other_files::Sample& sample : other_files::samples()) starts.push_back(sample.bytes);
  for (const std::string& start : starts) {
    for (size_t n = 0; n <= start.size(); ++n) {
      // In memory of exactly this size, so that reading beyond it is detected.
      std::vector<char> bytes(start.begin(), start.begin() + static_cast<std::ptrdiff_t>(n));
      for (int round = 0; round < 8; ++round) {
        const attn::FileDescription what = describe_file({bytes.data(), bytes.size()});
        EXPECT_EQ(what.kind == FileKind::unknown, what.sentence.empty());
        for (const char c : what.sentence) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
        if (n > 0) bytes[random() % n] = static_cast<char>(random());
      }
    }
  }
}

}  // namespace
