// safetensors.h - weights and activations from .safetensors files, and to them.
//
//   attn::Result<attn::SafeTensors> file = attn::SafeTensors::open("weights.safetensors");
//   if (!file.ok()) return file.status();     // names the file and, where there is one, the tensor
//   attn::Result<attn::Tensor> kernel = file->find("encoder/query/kernel");
//
//   attn::Status s = attn::save_safetensors("out.safetensors", {{"output", y}});
//
// The format: 8 bytes N (little endian), N bytes of JSON that begin with `{`, then the data; every
// tensor has dtype, shape and data_offsets, and their bytes tile the data without holes or
// overlaps. The reader takes nothing on trust: a file that is cut, forged or of another kind is a
// Status, never a crash. What the reference reader refuses is refused here, and so are unknown keys
// and names that come twice. The file is mapped, not read; it must not be shortened while it is
// open. Little endian machines only. Not here: types smaller than a byte, and the index of a model in
// several files: open each shard, and load layers from a list of their tensors by name.
//
// A file of another kind (a Git LFS pointer, a web page, HDF5, a PyTorch file, ...) is told as such,
// with what to do.
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

/// A tensor and what it is called. The name is not copied.
struct NamedTensor {
  std::string_view name;
  Tensor tensor;
};

/// An open file. Copies share one mapping; views that `find` gave live as long as any of the
/// copies. Reading is safe from many threads.
class SafeTensors {
 public:
  /// not_found: no such file. invalid_file: anything wrong inside.
  static Result<SafeTensors> open(const std::string& path);

  const std::string& path() const;
  /// In the order in which their data lies in the file.
  std::span<const std::string> names() const;
  bool contains(std::string_view name) const;
  /// A contiguous view into the file. Data that does not lie at a multiple of its element's size
  /// was copied when the file was opened, so every view is aligned. not_found: no such name.
  /// unsupported: a type (uint16, float8, ...) or a rank that Tensor does not have.
  Result<Tensor> find(std::string_view name) const;
  /// The entries of `__metadata__`.
  std::span<const std::pair<std::string, std::string>> metadata() const;

 private:
  struct State;
  explicit SafeTensors(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// Writes `tensors` (any strides), those of larger elements first so that all are aligned. The file
/// is written beside `path` and then renamed: a reader sees the old one or the new one, whole.
Status save_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                        std::span<const std::pair<std::string, std::string>> metadata = {});
inline Status save_safetensors(const std::string& path,
                               std::initializer_list<NamedTensor> tensors) {
  return save_safetensors(path, std::span<const NamedTensor>(tensors.begin(), tensors.size()));
}

}  // namespace attn
