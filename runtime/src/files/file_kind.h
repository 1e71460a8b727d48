// file_kind.h - what a file is, by its first bytes: for the sentence that says why a reader does
// not take it, and what to do with it. Readers of files share it.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace attn {

/// So many of a file's first bytes tell what can be told.
inline constexpr size_t telling_bytes = 4096;

enum class FileKind {
  unknown,
  safetensors,
  hdf5,
  zip,    // that may be a .keras model; archives that cannot be one are `other`
  other,  // no reader here takes it
};

struct FileDescription {
  FileKind kind = FileKind::unknown;
  std::string sentence;  // "is ...: what to do"; empty for `unknown`
};

/// `start`: the file's first bytes, telling_bytes of them or all there are.
FileDescription describe_file(std::string_view start);

/// Where the name of the file at `path` is one of a shard, "; ..." for the end of a sentence that
/// misses something in it; else empty.
std::string shard_note(std::string_view path);

}  // namespace attn
