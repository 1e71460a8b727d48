#include "tools/kernel_store.h"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "import/read_file.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/xxhash.h"
#include "tools/cache_key.h"
#include "tools/compiler.h"
#include "tools/write_file.h"

namespace attnc {
namespace {

namespace fs = std::filesystem;

/// 32 hexadecimal digits.
std::string hash_of(const std::string& bytes) {
  const auto hash = llvm::xxh3_128bits(
      llvm::ArrayRef(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace

Result<KernelStore> KernelStore::open(const std::string& folder) {
  auto compiler = compiler_identity();
  if (!compiler.ok()) return compiler.status();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return Status(
        attn::StatusCode::not_found,
        fmt::format("the folder {} for kernels cannot be made: {}", folder, error.message()));
  }
  return KernelStore(folder, *std::move(compiler));
}

std::string KernelStore::file_name(const std::string& key) const {
  return hash_of(fmt::format("{} {}\n{}", compiler_.size(), compiler_, key)) + ".o";
}

std::optional<std::string> KernelStore::take(const std::string& key) {
  const std::string name = file_name(key);
  std::error_code error;
  if (!fs::exists(fs::path(folder_) / name, error)) return std::nullopt;
  auto bytes = read_file((fs::path(folder_) / name).string(), max_object_bytes);
  constexpr size_t digits = 32;
  if (!bytes.ok() || bytes->size() < digits) return std::nullopt;
  std::string object = bytes->substr(0, bytes->size() - digits);
  if (bytes->substr(object.size()) != hash_of(object)) return std::nullopt;
  used_.insert(name);
  ++taken_;
  return object;
}

Status KernelStore::keep(const std::string& key, const std::string& object) {
  const std::string name = file_name(key);
  used_.insert(name);
  return write_file(fs::path(folder_) / name, object + hash_of(object));
}

void KernelStore::remove_others() const {
  const llvm::Regex ours("^[0-9a-f]{32}\\.o$");
  std::vector<fs::path> others;
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (ours.match(name) && !used_.contains(name)) others.push_back(at->path());
  }
  for (const fs::path& file : others) fs::remove(file, error);  // what cannot be deleted stays
}

}  // namespace attnc
