#include "import/read_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace attnc {

using attn::StatusCode;

Result<std::string> read_file(const std::string& file, size_t most) {
  const auto invalid = [&file](const std::string& why) {
    return Status(StatusCode::invalid_file, fmt::format("{}: {}", file, why));
  };
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status))
    return Status(StatusCode::not_found, fmt::format("{}: no such file", file));
  if (!std::filesystem::is_regular_file(status)) return invalid("is no regular file");
  const uintmax_t size = std::filesystem::file_size(file, error);
  if (error) return invalid(error.message());
  if (size > most) return invalid(fmt::format("{} bytes are too many (at most {})", size, most));
  std::ifstream in(file, std::ios::binary);
  std::string bytes(size, '\0');
  if (!in || !in.read(bytes.data(), static_cast<std::streamsize>(size))) {
    return Status(StatusCode::not_found,
                  fmt::format("{}: cannot be read: {}", file, std::strerror(errno)));
  }
  return bytes;
}

}  // namespace attnc
