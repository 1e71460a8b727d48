// bytes.h - files as bytes: in memory, in zip archives, and written so that they appear whole or
// not at all.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "attn/runtime/status.h"

namespace attn {

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const { return fd_; }
  /// A path by which libzip, which opens files by name, finds this very file.
  std::string name() const;

 private:
  int fd_;
};

/// Uninitialised bytes in memory.
struct Bytes {
  std::unique_ptr<std::byte[]> data;
  size_t size = 0;
  /// Returns false if there is not enough memory.
  bool resize(uint64_t bytes);
};

/// Reads a whole file.
Result<Bytes> read_bytes(const Descriptor& file);
/// Writes at the current position of `file`.
Status write_bytes(const Descriptor& file, const Bytes& bytes);
/// Copies all bytes of `from`, from its beginning, to the current position of `to`.
Status copy_bytes(const Descriptor& from, const Descriptor& to);
uint64_t size_of_file(const Descriptor& file);

enum class Container { hdf5, zip };
struct OpenedFile {
  Descriptor file;
  Container container;
};
/// Opens an HDF5 file or a zip archive for reading; for a file of another kind the error says
/// which.
Result<OpenedFile> open_any(const std::string& path);

/// The entry of a `.keras` archive that holds the weights.
inline constexpr char zip_weights[] = "model.weights.h5";
/// Reads that entry and decompresses it.
Result<Bytes> extract_weights(const Descriptor& archive);
/// Replaces that entry of the archive file `name` with `weights`, stored uncompressed; other
/// entries keep their bytes.
Status replace_weights(const std::string& name, const Bytes& weights);

/// A temporary file next to the final one, deleted unless it is kept.
class FileBeside {
 public:
  /// Creates it; `status` says whether that worked.
  explicit FileBeside(const std::string& path);
  FileBeside(const FileBeside&) = delete;
  FileBeside& operator=(const FileBeside&) = delete;
  ~FileBeside();
  const Status& status() const { return status_; }
  const std::string& name() const { return name_; }
  const Descriptor& file() const { return file_; }
  /// Writes the file to disk before giving it the final name, so that even after a crash a file of
  /// that name is whole.
  Status keep();

 private:
  std::string path_, name_;
  Descriptor file_;
  Status status_;
};

}  // namespace attn
