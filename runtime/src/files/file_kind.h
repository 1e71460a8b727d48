// file_kind.h - identifies a file by its first bytes, so that an error message can say why a reader
// does not take it and what to do with it. Shared by all readers of files.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace attn {

/// How many of a file's first bytes describe_file needs at most.
inline constexpr size_t telling_bytes = 4096;

enum class FileKind {
  unknown,
  safetensors,
  hdf5,
  zip,    // may be a .keras model; archives that cannot be one are `other`
  other,  // no reader here takes it
};

struct FileDescription {
  FileKind kind = FileKind::unknown;
  std::string sentence;  // "is ...: what to do"; empty for `unknown`
};

/// `start`: the file's first telling_bytes bytes, or all of them if there are fewer.
FileDescription describe_file(std::string_view start);

/// If the name of the file at `path` is that of a shard, a note ("; ...") to append to a message
/// that something is missing in it; else empty.
std::string shard_note(std::string_view path);

}  // namespace attn
