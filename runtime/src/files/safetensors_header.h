// safetensors_header.h - the JSON of a .safetensors file, and nothing more general: an object of
// objects with exactly dtype, shape and data_offsets, and one of strings. Bounds-checked to the
// byte; no recursion, so no input is too deep; numbers are non-negative integers below 2^63.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attn/runtime/status.h"

namespace attn {

/// Bytes; the reference reader's own limit.
inline constexpr uint64_t longest_safetensors_header = 100'000'000;

struct SafeTensorsEntry {
  std::string name;
  std::string dtype;  // "F32"
  std::vector<int64_t> shape;
  int64_t begin = 0, end = 0;
};

struct SafeTensorsHeader {
  std::vector<SafeTensorsEntry> entries;  // as they stand in the text
  std::vector<std::pair<std::string, std::string>> metadata;
};

/// `json` begins with `{` and may end with white space. A failure says where: "byte 17: ...".
Result<SafeTensorsHeader> parse_safetensors_header(std::string_view json);

/// Bits of an element of a type of the format; 0 for a name that is none.
int safetensors_bits(std::string_view dtype);

}  // namespace attn
