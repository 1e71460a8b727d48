// read_file.h - a whole file in memory.
//
//   auto bytes = attnc::read_file("layers.o", size_t{256} << 20);
//   if (!bytes.ok()) return bytes.status();   // "layers.o: no such file"
#pragma once
#include <string>

#include "attn/runtime/status.h"

namespace attnc {

using attn::Result;
using attn::Status;

/// Reads a whole file. Errors: not_found, also where it cannot be read; invalid_file where it is no
/// regular file or larger than `most` bytes.
Result<std::string> read_file(const std::string& file, size_t most);

}  // namespace attnc
