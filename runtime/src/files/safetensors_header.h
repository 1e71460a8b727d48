// safetensors_header.h - parses the JSON of a .safetensors file, and nothing more general: an
// object of objects with exactly dtype, shape and data_offsets, and one object of strings
// (__metadata__). Every byte is bounds-checked; there is no recursion, so no input is nested too
// deeply; numbers are non-negative integers below 2^63.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attn/runtime/status.h"

namespace attn {

/// In bytes; the limit of the reference reader.
inline constexpr uint64_t longest_safetensors_header = 100'000'000;

struct SafeTensorsEntry {
  std::string name;
  std::string dtype;  // "F32"
  std::vector<int64_t> shape;
  int64_t begin = 0, end = 0;
};

struct SafeTensorsHeader {
  std::vector<SafeTensorsEntry> entries;  // in the order of the text
  std::vector<std::pair<std::string, std::string>> metadata;
};

/// `json` begins with `{` and may end with white space. A failure says where:
/// "header byte 17: ...".
Result<SafeTensorsHeader> parse_safetensors_header(std::string_view json);

/// Bits per element of a safetensors dtype; 0 for an unknown name.
int safetensors_bits(std::string_view dtype);

}  // namespace attn
