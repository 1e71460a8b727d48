// kernel_store.h - a folder in which a build leaves its kernels for the next one.
//
//   auto store = attnc::KernelStore::open("build/attn/my_layers/kernels");
//   if (auto object = store->take(key)) ...
//   store->keep(key, object);
//   store->remove_others();                     // those that this build neither took nor kept
//
// The name of a file is a hash of the kernel's key and of all that changes what attnc makes of it:
// the code of attnc and of its libraries, and the variables that Halide reads. A file ends with a
// hash of its object, so that one which was cut or changed is not taken. The folder is that of one
// library: it holds the kernels of its last build, and deleting it costs nothing but time.
#pragma once
#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "attn/runtime/status.h"

namespace attnc {

using attn::Result;
using attn::Status;

class KernelStore {
 public:
  /// Makes the folder where it is missing. Errors: it cannot be made; attnc cannot read itself.
  static Result<KernelStore> open(const std::string& folder);

  /// The object that was kept under such a key, if it is whole.
  std::optional<std::string> take(const std::string& key);
  Status keep(const std::string& key, const std::string& object);
  /// Deletes the files that were neither taken nor kept. Touches no files with other names.
  void remove_others() const;
  size_t taken() const { return taken_; }

 private:
  KernelStore(std::string folder, std::string compiler)
      : folder_(std::move(folder)), compiler_(std::move(compiler)) {}
  std::string file_name(const std::string& key) const;

  std::string folder_, compiler_;
  std::set<std::string> used_;  // file names
  size_t taken_ = 0;
};

}  // namespace attnc
