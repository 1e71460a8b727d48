// write_file.h - writes a whole file, or leaves what was there.
//
//   if (Status s = attnc::write_file("out/avx2.txt", text); !s.ok()) return fail(s);
#pragma once
#include <filesystem>
#include <string>

#include "attn/runtime/status.h"

namespace attnc {

using attn::Status;

/// Makes the file's folder where it is missing. not_found: the folder or the file cannot be written.
Status write_file(const std::filesystem::path& file, const std::string& bytes);

}  // namespace attnc
