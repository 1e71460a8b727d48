// hdf5.h - the small part of HDF5 that weight files need, with a Status for every failure.
//
//   hdf5::Session session;                      // the lock, and silence; comes first in a function
//   Result<hdf5::Id> file = hdf5::open(source);
//   Result<hdf5::Index> index = hdf5::list(*file);
//   Result<hdf5::Array> kernel = hdf5::read(*file, "layers/dense/vars/0", file_bytes);
//
// Error messages name paths inside the file; callers add the file's own name. Objects are reached
// through the hard links that `list` followed, never through links to other files.
#pragma once
// The API of 1.10: in later versions its names stand for other functions.
#ifndef H5_USE_110_API
#define H5_USE_110_API
#endif
#include <hdf5.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "attn/runtime/status.h"
#include "attn/runtime/tensor.h"
#include "files/keras/bytes.h"

namespace attn::hdf5 {

/// Holds the lock on HDF5, so there is one at a time in the program; HDF5 prints nothing meanwhile.
class Session {
 public:
  Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

 private:
  std::unique_lock<std::mutex> lock_;
  H5E_auto2_t print_ = nullptr;
  void* print_data_ = nullptr;
};

/// Owns an HDF5 handle. To be created and closed within a Session.
class Id {
 public:
  using Close = herr_t (*)(hid_t);
  Id() = default;
  Id(hid_t id, Close close) : id_(id), close_(close) {}
  Id(Id&& o) noexcept : id_(std::exchange(o.id_, H5I_INVALID_HID)), close_(o.close_) {}
  Id& operator=(Id&& o) noexcept {
    std::swap(id_, o.id_);
    std::swap(close_, o.close_);
    return *this;
  }
  ~Id() {
    if (ok()) close_(id_);
  }
  bool ok() const { return id_ >= 0; }
  hid_t get() const { return id_; }
  /// Closes it now; returns whether that worked.
  bool close() { return close_(std::exchange(id_, H5I_INVALID_HID)) >= 0; }

 private:
  hid_t id_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

/// What HDF5 says about its latest failure: " (HDF5: truncated file: ...)"; empty if nothing.
std::string reason();

/// The bytes of a file, in memory or behind a descriptor. Does not own them.
struct Source {
  int file = -1;
  const std::byte* memory = nullptr;
  uint64_t size = 0;
  /// Reads `bytes` bytes at offset `at`; returns false if the file does not have them all.
  bool read(uint64_t at, void* to, size_t bytes) const;
};
/// Opens a file for reading. The memory or descriptor of `source` has to outlive it.
Result<Id> open(const Source& source);
/// What a file was opened from.
const Source* source_of(hid_t file);

/// Opens a copy of `bytes` in memory; writing changes that copy only. For files that `open` and
/// `list` have accepted before.
Result<Id> open_image(const Bytes& bytes);
/// Creates an empty file in memory.
Result<Id> make_image();
/// The bytes of a file in memory, after flushing it.
Result<Bytes> image(hid_t file);

/// The groups and datasets of a file: path -> whether it is a dataset, parents before children.
struct Index {
  std::vector<std::pair<std::string, bool>> objects;  // in the order of the file
  std::map<std::string, bool, std::less<>> by_path;
  bool has_dataset(std::string_view path) const;
  bool has_group(std::string_view path) const;
};
Result<Index> list(hid_t file);

/// The strings of an attribute of the object at `path`; empty if it has no such attribute or that
/// is damaged. `file_bytes` is the size of the file.
std::vector<std::string> strings(hid_t file, const std::string& path, const char* attribute,
                                 uint64_t file_bytes);

/// A dataset in memory.
struct Array {
  std::unique_ptr<std::byte[]> data;
  DType dtype = DType::float32;
  Shape shape;
  size_t bytes = 0;
  Tensor tensor() const { return {data.get(), dtype, shape}; }
};
/// A dataset without its data. `file_bytes` is the size of the file: no dataset may claim to hold
/// more than fits in it.
Result<Array> describe(hid_t file, const std::string& path, uint64_t file_bytes);
Result<Array> read(hid_t file, const std::string& path, uint64_t file_bytes);

/// Replaces the contents of a dataset. `data` is contiguous and of the dataset's own type and
/// shape.
Status overwrite(hid_t file, const std::string& path, const void* data, DType dtype);

/// Creates a group and those above it; adds an attribute `name` if `name` is not empty.
Status make_group(hid_t file, const std::string& path, const std::string& name);
/// Creates a dataset; `data` is contiguous.
Status make_dataset(hid_t file, const std::string& path, const void* data, DType dtype,
                    const Shape& shape);

}  // namespace attn::hdf5
