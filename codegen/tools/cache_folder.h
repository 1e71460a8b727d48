// cache_folder.h - the folder of built layers: where it is, how much it may hold, what is deleted
// first.
//
//   auto folder = attnc::cache_folder();
//   auto limit = attnc::cache_limit();
//   attnc::mark_used(file);
//   attnc::trim_cache(*folder, *limit);
//
// An entry's modification time is the time of its last use. Several processes may add, use and trim
// entries at once: an entry appears whole (it is renamed into the folder) and may be deleted at any
// time. A process that has loaded an entry keeps it: the mapped memory outlives the file's name.
#pragma once
#include <cstdint>
#include <string>

#include "attn/runtime/status.h"

namespace attnc {

using attn::Result;
using attn::Status;

/// The folder, created if it does not exist yet.
Result<std::string> cache_folder();

/// In bytes: $ATTNC_CACHE_SIZE, a number with an optional suffix K, M, G or T ("500M"), else 1 GiB.
Result<uint64_t> cache_limit();

/// The file of the entry with key `key`, for a layer named `layer`.
std::string entry_file(const std::string& folder, const std::string& layer, const std::string& key);

/// Marks the entry as just used: it is the last to be deleted.
void mark_used(const std::string& file);

/// Deletes the least recently used entries until the rest has at most `limit` bytes, and what
/// killed builds have left behind. Touches no other files. What cannot be deleted stays.
void trim_cache(const std::string& folder, uint64_t limit);

/// For --help: where layers are kept, how many there are, their size, and the limit. Creates
/// nothing.
std::string describe_cache();

}  // namespace attnc
