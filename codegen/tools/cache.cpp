#include "tools/cache.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "tools/cache_folder.h"
#include "tools/cache_key.h"
#include "tools/children.h"
#include "tools/table.h"

namespace attnc {
namespace {

using attn::StatusCode;
namespace fs = std::filesystem;

/// Links an entry, loads it, and only then renames it into the cache: from then on another process
/// may delete it.
Result<const attn_layer_table*> build_entry(const Result<Compiled>& compiled,
                                            const SourceLayer& layer, const std::string& folder,
                                            const std::string& file) {
  if (!compiled.ok()) return compiled.status();
  auto work = TemporaryFolder::make(folder);
  if (!work.ok()) return work.status();
  const std::string so = work->path() + "/layer.so";
  auto table = link_table(*compiled, layer, so);
  if (!table.ok()) return table.status();
  std::error_code error;
  fs::rename(so, file, error);  // readers see all of it or nothing
  if (error) return Status(StatusCode::not_found, fmt::format("{}: {}", file, error.message()));
  return *table;
}

/// Gives all requests for a layer the calls of all of them.
void share_calls(std::vector<CacheRequest>& requests) {
  std::map<uint64_t, std::optional<Calls>> all;  // by the layer's fingerprint; none: for any call
  for (const CacheRequest& request : requests) {
    auto& calls = all.try_emplace(request.layer.graph.fingerprint, Calls()).first->second;
    if (!request.layer.calls) calls.reset();
    if (calls) calls->insert(request.layer.calls->begin(), request.layer.calls->end());
  }
  for (CacheRequest& request : requests) request.layer.calls = all[request.layer.graph.fingerprint];
}

}  // namespace

std::vector<Result<const attn_layer_table*>> cached_tables(std::vector<CacheRequest> requests,
                                                           const Progress& progress,
                                                           const ScheduleSource& schedules) {
  share_calls(requests);
  std::vector<Result<const attn_layer_table*>> tables(requests.size(),
                                                      Status(StatusCode::internal, "not built"));
  auto folder = cache_folder();
  auto limit = cache_limit();
  if (!folder.ok() || !limit.ok()) {
    for (auto& t : tables) t = folder.ok() ? limit.status() : folder.status();
    return tables;
  }
  struct Entry {
    size_t request;  // the first one for this entry
    std::string key;
    Result<const attn_layer_table*> table;
  };
  std::map<std::string, Entry> entries;             // by file
  std::vector<std::string> files(requests.size());  // of each request; "": no key
  std::vector<LibraryRequest> builds;
  std::vector<std::string> build_files;
  for (size_t i = 0; i < requests.size(); ++i) {
    const auto& [layer, target] = requests[i];
    auto key = cache_key(layer, target, schedules);
    if (!key.ok()) {
      tables[i] = key.status();
      continue;
    }
    files[i] = entry_file(*folder, layer.graph.name, *key);
    if (entries.contains(files[i])) continue;
    // An entry that cannot be loaded, for whatever reason, is built again.
    std::error_code error;
    auto table = fs::exists(files[i], error) ? open_table(files[i], layer)
                                             : Status(StatusCode::not_found, "");
    if (table.ok()) {
      mark_used(files[i]);
    } else {
      builds.push_back(
          {.name = table_library, .layers = {layer}, .targets = {target}, .schedules = schedules});
      build_files.push_back(files[i]);
    }
    entries.emplace(files[i], Entry{i, *key, table});
  }
  const auto compiled = compile_all(builds, progress);
  for (size_t b = 0; b < builds.size(); ++b) {
    Entry& entry = entries.at(build_files[b]);
    const auto& [layer, target] = requests[entry.request];
    auto key = cache_key(layer, target, schedules);
    if (key.ok() && *key != entry.key) {
      key = Status(StatusCode::invalid_file,
                   fmt::format("the schedules for {} changed while a layer was built from them: "
                               "start attnc again",
                               target));
    }
    entry.table = key.ok() ? build_entry(compiled[b], layer, *folder, build_files[b])
                           : Result<const attn_layer_table*>(key.status());
  }
  for (size_t i = 0; i < requests.size(); ++i) {
    if (!files[i].empty()) tables[i] = entries.at(files[i]).table;
  }
  trim_cache(*folder, *limit);  // loaded libraries stay loaded
  return tables;
}

}  // namespace attnc
