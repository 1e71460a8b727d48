#include "tools/cache.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "emit/names.h"
#include "import/section.h"
#include "llvm/Support/xxhash.h"
#include "tools/children.h"
#include "tools/link.h"

namespace attnc {
namespace {

using attn::StatusCode;
namespace fs = std::filesystem;

constexpr const char* library_name = "cached";

/// What tells this attnc from every other: the bytes of the program.
Result<uint64_t> own_fingerprint() {
  static const Result<uint64_t> hash = []() -> Result<uint64_t> {
    auto bytes = read_file("/proc/self/exe", size_t{1} << 30);
    if (!bytes.ok())
      return bytes.status().with_context("attnc cannot read itself for the cache's key");
    return llvm::xxh3_64bits(llvm::StringRef(*bytes));
  }();
  return hash;
}

Result<const attn_layer_table*> open_table(const std::string& shared, const SourceLayer& layer) {
  void* handle = dlopen(shared.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return Status(StatusCode::invalid_file, fmt::format("{}: {}", shared, dlerror()));
  const std::string symbol = table_symbol(library_name, layer.graph.name);
  const auto* table = static_cast<const attn_layer_table*>(dlsym(handle, symbol.c_str()));
  if (!table || table->abi_version != ATTN_ABI_VERSION ||
      table->fingerprint != layer.graph.fingerprint) {
    return Status(StatusCode::invalid_file,
                  fmt::format("{}: holds no table of this layer", shared));
  }
  return table;  // the library stays loaded as long as the process lives
}

Status build_entry(const Result<Compiled>& compiled, const std::string& folder,
                   const std::string& file) {
  if (!compiled.ok()) return compiled.status();
  auto archive = make_library(compiled->parts);
  if (!archive.ok()) return archive.status();
  auto work = TemporaryFolder::make(folder);
  if (!work.ok()) return work.status();
  const std::string a = work->path() + "/layer.a", so = work->path() + "/layer.so";
  if (!(std::ofstream(a, std::ios::binary) << *archive)) {
    return Status(StatusCode::not_found, fmt::format("{}: cannot be written", a));
  }
  if (Status s = link_shared({a}, {.file = so}); !s.ok()) return s;
  std::error_code error;
  fs::rename(so, file, error);  // whoever reads sees all of it or nothing
  if (error) return Status(StatusCode::not_found, fmt::format("{}: {}", file, error.message()));
  return Status();
}

}  // namespace

namespace {

/// Where the cache is or would be; "" for nowhere.
std::string cache_place() {
  auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  std::string folder = set("ATTNC_CACHE");
  if (folder.empty() && !set("XDG_CACHE_HOME").empty()) folder = set("XDG_CACHE_HOME") + "/attnc";
  if (folder.empty() && !set("HOME").empty()) folder = set("HOME") + "/.cache/attnc";
  return folder;
}

}  // namespace

std::string describe_cache() {
  const std::string folder = cache_place();
  if (folder.empty()) return "Built layers need a place: set ATTNC_CACHE to a folder.";
  size_t count = 0;
  uintmax_t bytes = 0;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code own;
    const uintmax_t size = at->path().extension() == ".so" ? at->file_size(own) : 0;
    if (size == 0 || own) continue;
    ++count, bytes += size;
  }
  return fmt::format(
      "Built layers are kept in {} ($ATTNC_CACHE, else $XDG_CACHE_HOME/attnc, else "
      "~/.cache/attnc).\nIt holds {} now, {:.1f} MB; any of its .so files can be deleted at any "
      "time.\nLinking a layer takes a C compiler ($CC, else cc).",
      folder, count, static_cast<double>(bytes) / 1e6);
}

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

std::vector<Result<const attn_layer_table*>> cached_tables(
    const std::vector<CacheRequest>& requests, const Progress& progress) {
  std::vector<Result<const attn_layer_table*>> tables(requests.size(),
                                                      Status(StatusCode::internal, "not built"));
  auto folder = cache_folder();
  auto own = own_fingerprint();
  if (!folder.ok() || !own.ok()) {
    for (auto& t : tables) t = folder.ok() ? own.status() : folder.status();
    return tables;
  }
  std::vector<std::string> files;
  std::map<std::string, const attn_layer_table*> loaded;
  std::map<std::string, size_t> missing;  // file -> the first request for it
  for (size_t i = 0; i < requests.size(); ++i) {
    const SourceLayer& layer = requests[i].layer;
    files.push_back(fmt::format("{}/{}-{:016x}-{}-{:016x}.so", *folder,
                                identifier(layer.graph.name), layer.graph.fingerprint,
                                requests[i].target, *own));
    if (loaded.contains(files[i]) || missing.contains(files[i])) continue;
    // An entry that cannot be read, whatever happened to it, is built again.
    std::error_code error;
    auto table = fs::exists(files[i], error) ? open_table(files[i], layer)
                                             : Status(StatusCode::not_found, "");
    if (table.ok())
      loaded[files[i]] = *table;
    else
      missing[files[i]] = i;
  }
  std::vector<LibraryRequest> builds;
  std::vector<std::string> build_files;
  for (const auto& [file, i] : missing) {
    builds.push_back({library_name, {requests[i].layer}, {requests[i].target}});
    build_files.push_back(file);
  }
  std::map<std::string, Status> failures;
  const auto compiled = compile_all(builds, progress);
  for (size_t b = 0; b < builds.size(); ++b) {
    Status s = build_entry(compiled[b], *folder, build_files[b]);
    if (s.ok()) {
      auto table = open_table(build_files[b], builds[b].layers[0]);
      if (table.ok()) loaded[build_files[b]] = *table;
      s = table.status();
    }
    failures[build_files[b]] = s;
  }
  for (size_t i = 0; i < requests.size(); ++i) {
    if (auto at = loaded.find(files[i]); at != loaded.end())
      tables[i] = at->second;
    else
      tables[i] = failures[files[i]];
  }
  return tables;
}

}  // namespace attnc
