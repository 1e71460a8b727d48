// bytes.h - files as bytes: in memory, in zip archives, and such that appear whole or
// not at all.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "attn/runtime/status.h"

namespace attn {

/// A file descriptor, closed at the end.
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
  /// Under which libzip, which opens by name, finds this very file.
  std::string name() const;

 private:
  int fd_;
};

/// Bytes in memory, none of them set.
struct Bytes {
  std::unique_ptr<std::byte[]> data;
  size_t size = 0;
  /// False where there is no memory.
  bool resize(uint64_t bytes);
};

/// A whole file.
Result<Bytes> read_bytes(const Descriptor& file);
/// To where `file` is.
Status write_bytes(const Descriptor& file, const Bytes& bytes);
/// All bytes of `from`, from its beginning, to where `to` is.
Status copy_bytes(const Descriptor& from, const Descriptor& to);
uint64_t size_of_file(const Descriptor& file);

enum class Container { hdf5, zip };
struct OpenedFile {
  Descriptor file;
  Container container;
};
/// Opens a regular file for reading; a file of another kind is a sentence that says which.
Result<OpenedFile> open_any(const std::string& path);

/// The entry of a `.keras` archive that holds the weights.
inline constexpr char zip_weights[] = "model.weights.h5";
/// That entry, uncompressed.
Result<Bytes> extract_weights(const Descriptor& archive);
/// Replaces that entry of the archive called `name` by `weights`, uncompressed; other entries keep
/// their bytes.
Status replace_weights(const std::string& name, const Bytes& weights);

/// A file under a name of its own beside the final one; gone unless it was kept.
class FileBeside {
 public:
  /// Makes it; `status` tells whether that worked.
  explicit FileBeside(const std::string& path);
  FileBeside(const FileBeside&) = delete;
  FileBeside& operator=(const FileBeside&) = delete;
  ~FileBeside();
  const Status& status() const { return status_; }
  const std::string& name() const { return name_; }
  const Descriptor& file() const { return file_; }
  /// On the disk before it takes the final name: after a crash that name is whole too.
  Status keep();

 private:
  std::string path_, name_;
  Descriptor file_;
  Status status_;
};

}  // namespace attn
