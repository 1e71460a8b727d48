// safetensors.h - reads and writes weights and activations in .safetensors files.
//
//   attn::Result<attn::SafeTensors> file = attn::SafeTensors::open("weights.safetensors");
//   if (!file.ok()) return file.status();     // names the file and, where there is one, the tensor
//   attn::Result<attn::Tensor> kernel = file->find("encoder/query/kernel");
//
//   attn::Status s = attn::save_safetensors("out.safetensors", {{"output", y}});
//
// The format: 8 bytes with the length N (little endian), N bytes of JSON that begin with `{`, then
// the data. Every tensor has dtype, shape and data_offsets, and the tensors tile the data without
// gaps or overlaps. Files are not trusted: one that is truncated, corrupt or of another kind yields
// a Status, never a crash. Everything that the reference reader refuses is refused here, and so are
// unknown keys and duplicate names. The file is mapped into memory; it must not be truncated while
// it is open. Little-endian machines only. Not here: types smaller than a byte, and the index file
// of a model in several files: open each shard, and load layers from a list of their named tensors.
//
// For a file of another kind (a Git LFS pointer, a web page, HDF5, a PyTorch file, ...) the message
// says what it is and what to do.
#pragma once
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attn/runtime/status.h"
#include "attn/runtime/tensor.h"

namespace attn {

/// A tensor and its name. The name is not copied.
struct NamedTensor {
  std::string_view name;
  Tensor tensor;
};

/// An open file. Copies share one mapping; views from `find` are valid as long as any copy lives.
/// All functions may be called from many threads.
class SafeTensors {
 public:
  /// not_found: no such file. invalid_file: anything wrong inside.
  static Result<SafeTensors> open(const std::string& path);

  const std::string& path() const;
  /// The names of the tensors, in the order of their data in the file.
  std::span<const std::string> names() const;
  bool contains(std::string_view name) const;
  /// A contiguous view into the file. Every view is aligned to its element size: data that is
  /// misaligned in the file was copied when the file was opened. not_found: no such name.
  /// unsupported: a type (uint16, float8, ...) or a rank that Tensor cannot represent.
  Result<Tensor> find(std::string_view name) const;
  /// The entries of `__metadata__`.
  std::span<const std::pair<std::string, std::string>> metadata() const;

 private:
  struct State;
  explicit SafeTensors(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// Writes `tensors` (any strides), larger element types first, so that all of them are aligned. The
/// file is written under a temporary name beside `path` and then renamed: a reader sees either the
/// old file or the complete new one.
Status save_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                        std::span<const std::pair<std::string, std::string>> metadata = {});
inline Status save_safetensors(const std::string& path,
                               std::initializer_list<NamedTensor> tensors) {
  return save_safetensors(path, std::span<const NamedTensor>(tensors.begin(), tensors.size()));
}

}  // namespace attn
