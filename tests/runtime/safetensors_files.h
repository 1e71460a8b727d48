// safetensors_files.h - valid and forged files for the tests, made byte by byte.
#pragma once
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

#include "../common/scratch.h"
#include "attn/runtime/safetensors.h"

namespace files {

inline std::string path(const std::string& name) { return scratch(name + ".safetensors"); }

inline void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Eight bytes of length, the header, and the data.
inline std::string file(const std::string& header, const std::string& data, int64_t length = -1) {
  const uint64_t n = length < 0 ? header.size() : static_cast<uint64_t>(length);
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(n >> 8 * i);
  return bytes + header + data;
}

/// Writes these bytes to a file and opens it.
inline attn::Result<attn::SafeTensors> open(const std::string& bytes) {
  const std::string name = path("bytes");
  write(name, bytes);
  attn::Result<attn::SafeTensors> result = attn::SafeTensors::open(name);
  std::remove(name.c_str());
  return result;
}

/// The error for a file that must not open, without the file's path. Also checks that the message
/// begins with the path.
inline std::string message(const std::string& bytes) {
  const attn::Result<attn::SafeTensors> result = open(bytes);
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), attn::StatusCode::invalid_file);
  const std::string start = "`" + path("bytes") + "`: ";
  const std::string& m = result.status().message();
  EXPECT_EQ(m.substr(0, start.size()), start);
  return m.size() < start.size() ? m : m.substr(start.size());
}

}  // namespace files
