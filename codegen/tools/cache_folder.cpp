#include "tools/cache_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <vector>

#include "emit/names.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Regex.h"

namespace attnc {
namespace {

using attn::StatusCode;
namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// Where the cache is or would be; "" if no variable names a place.
std::string cache_place() {
  if (const std::string own = variable("ATTNC_CACHE"); !own.empty()) return own;
  if (const std::string all = variable("XDG_CACHE_HOME"); !all.empty()) return all + "/attnc";
  if (const std::string home = variable("HOME"); !home.empty()) return home + "/.cache/attnc";
  return "";
}

struct Entry {
  fs::path file;
  uint64_t bytes = 0;
  fs::file_time_type used;
};

/// The entries in the folder. It may hold other libraries too, so the whole file name has to match.
std::vector<Entry> entries_of(const std::string& folder) {
  const llvm::Regex name("^.+-[0-9a-f]{16}-[a-z0-9]+-[0-9a-f]{16}\\.so$");
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (!name.match(at->path().filename().string())) continue;
    // Another process may have deleted it meanwhile.
    std::error_code gone;
    if (at->symlink_status(gone).type() != fs::file_type::regular || gone) continue;
    const uint64_t bytes = at->file_size(gone);
    if (gone) continue;
    const fs::file_time_type used = at->last_write_time(gone);
    if (!gone) entries.push_back({at->path(), bytes, used});
  }
  return entries;
}

/// Removes the temporary folders of builds that were killed; other builds remove their own. Linking
/// takes less than an hour.
void remove_leftovers(const std::string& folder) {
  const llvm::Regex name("^attnc-[A-Za-z0-9]{6}$");
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
  std::vector<fs::path> left;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (!name.match(at->path().filename().string())) continue;
    if (at->symlink_status(gone).type() != fs::file_type::directory || gone) continue;
    const fs::file_time_type made = at->last_write_time(gone);
    if (!gone && made < old) left.push_back(at->path());
  }
  for (const fs::path& build : left) {
    for (const char* file : {"layer.a", "layer.so", ""}) fs::remove(build / file, error);
  }
}

}  // namespace

Result<std::string> cache_folder() {
  const std::string folder = cache_place();
  if (folder.empty()) {
    return Status(StatusCode::not_found,
                  "there is no place for built layers: set ATTNC_CACHE to a folder");
  }
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    return Status(StatusCode::not_found,
                  fmt::format("the cache {} cannot be made: {} (ATTNC_CACHE names another)", folder,
                              error.message()));
  }
  return folder;
}

Result<uint64_t> cache_limit() {
  const std::string set = variable("ATTNC_CACHE_SIZE");
  if (set.empty()) return uint64_t{1} << 30;
  uint64_t number = 0;
  const char* end = set.data() + set.size();
  const auto [unit, error] = std::from_chars(set.data(), end, number);
  constexpr std::string_view units = "KMGT";
  const size_t at = end - unit == 1 ? units.find(*unit) : units.npos;
  const size_t shift = at == units.npos ? 0 : 10 * (at + 1);
  const bool sound = error == std::errc() && (unit == end || at != units.npos) &&
                     number <= std::numeric_limits<uint64_t>::max() >> shift;
  if (sound) return number << shift;
  return Status(
      StatusCode::invalid_argument,
      fmt::format("ATTNC_CACHE_SIZE: expected a number of bytes, as 500M or 2G, got `{}`", set));
}

std::string entry_file(const std::string& folder, const std::string& layer,
                       const std::string& key) {
  // Cut, because a file name has at most 255 bytes; the key covers the whole name.
  return fmt::format("{}/{}-{}.so", folder, identifier(layer).substr(0, 64), key);
}

void mark_used(const std::string& file) {
  // A failure is ignored: if the folder is not writable, nothing in it is deleted either.
  (void)utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
}

void trim_cache(const std::string& folder, uint64_t limit) {
  remove_leftovers(folder);
  std::vector<Entry> entries = entries_of(folder);
  uint64_t bytes = 0;
  for (const Entry& e : entries) bytes += e.bytes;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.used != b.used ? a.used < b.used : a.file < b.file;
  });
  for (const Entry& e : entries) {
    if (bytes <= limit) break;
    std::error_code error;  // an entry that is already gone is no error
    fs::remove(e.file, error);
    if (!error) bytes -= e.bytes;
  }
}

std::string describe_cache() {
  const std::string folder = cache_place();
  if (folder.empty()) return "Built layers need a place: set ATTNC_CACHE to a folder.";
  uint64_t bytes = 0;
  const std::vector<Entry> entries = entries_of(folder);
  for (const Entry& e : entries) bytes += e.bytes;
  const auto limit = cache_limit();
  return fmt::format(
      "Built layers are kept in {} ($ATTNC_CACHE, else $XDG_CACHE_HOME/attnc, else "
      "~/.cache/attnc).\nIt holds {} now, {:.1f} MB; {}.\nAny of its .so files can be deleted at "
      "any time. A layer is built again where its schedules ($ATTNC_SCHEDULES),\nattnc or one of "
      "its libraries have changed. Linking it takes a C compiler ($CC, else cc).",
      folder, entries.size(), static_cast<double>(bytes) / 1e6,
      limit.ok() ? fmt::format("at most {:.1f} MB stay ($ATTNC_CACHE_SIZE, as 500M or 2G; else "
                               "1G), those that were used last",
                               static_cast<double>(*limit) / 1e6)
                 : limit.status().message());
}

}  // namespace attnc
