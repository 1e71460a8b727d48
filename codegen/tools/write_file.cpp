#include "tools/write_file.h"

#include <fmt/format.h>

#include <fstream>

namespace attnc {

using attn::StatusCode;
namespace fs = std::filesystem;

Status write_file(const fs::path& file, const std::string& bytes) {
  std::error_code error;
  // A name alone has no folder to make.
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  if (error)
    return Status(StatusCode::not_found, fmt::format("the folder {} cannot be made: {}",
                                                     file.parent_path().string(), error.message()));
  // Written next to the file and then renamed: who is interrupted leaves no partial file.
  const fs::path part = file.string() + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out << bytes;
  out.close();
  if (!out)
    return Status(StatusCode::not_found, fmt::format("{}: cannot be written", file.string()));
  fs::rename(part, file, error);
  if (error)
    return Status(StatusCode::not_found, fmt::format("{}: {}", file.string(), error.message()));
  return Status();
}

}  // namespace attnc
