// cache_folder.h - the folder of built layers: where it is, how much it may hold, what goes first.
//
//   auto folder = attnc::cache_folder();
//   auto limit = attnc::cache_limit();
//   attnc::mark_used(file);
//   attnc::trim_cache(*folder, *limit);
//
// The time of an entry's last change is that of its last use. Several processes may add, use and
// trim at once: an entry appears whole (it is renamed into the folder) and may go at any time.
// Whoever has loaded one keeps it, as its memory stays where the file's name goes.
#pragma once
#include <cstdint>
#include <string>

#include "attn/runtime/status.h"

namespace attnc {

using attn::Result;
using attn::Status;

/// Made where it is not there yet.
Result<std::string> cache_folder();

/// Bytes: $ATTNC_CACHE_SIZE, which is a number with K, M, G or T behind it or not ("500M"), else 1
/// GiB.
Result<uint64_t> cache_limit();

/// The file of the entry with a key, of a layer with a name.
std::string entry_file(const std::string& folder, const std::string& layer, const std::string& key);

/// Makes it the last to go.
void mark_used(const std::string& file);

/// Deletes entries, those first that were not used for longest, until the rest has at most `limit`
/// bytes, and what builds that were killed have left. Touches no other file. What cannot be deleted
/// stays.
void trim_cache(const std::string& folder, uint64_t limit);

/// For a help's text: where layers are kept, how many, how many bytes, and the limit. Makes
/// nothing.
std::string describe_cache();

}  // namespace attnc
