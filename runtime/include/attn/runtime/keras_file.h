// keras_file.h - the weights of attention layers from files that Keras wrote, and back into them.
//
//   #include "attn/runtime/keras_file.h"            // and link attn::keras_files
//
//   attn::Result<attn::KerasFile> file = attn::KerasFile::open("model.keras");
//   if (!file.ok()) return file.status();
//   attn::Result<attn::KerasLayer> weights = file->layer("multi_head_attention_1");
//   if (!weights.ok()) return weights.status();     // names the file and the path inside
//   attn::Result<attn::AnyLayer> layer = attn::AnyLayer::load(table, weights->named());
//
//   attn::Status s = attn::update_keras_weights("model.keras", "tuned.keras", "encoder", changed);
//
// Files: `.weights.h5` of Keras 3, `.keras`, and the legacy `.h5` of tf_keras and Keras 3, told
// apart by what they hold. Weights get the names and the order of get_weights ("query/kernel", ...)
// wherever and under whatever name the file keeps them. Layers: MultiHeadAttention and
// CachedMultiHeadAttention, GroupQueryAttention, Attention, ReuseMultiHeadAttention; what else a
// model has is passed over.
//
// A file is not trusted: one that is cut, forged or of another kind is a Status. Links to other
// files and data outside the file are refused. HDF5 itself reads the structure; what it can be made
// to do by a hostile file is as good as its version (runtime/README.md tells what is done about
// that). All work on HDF5 here goes through one lock, and its own printing of errors is off
// meanwhile; a program that uses HDF5 from other threads at the same time needs a thread-safe build
// of it (Debian's is).
//
// Updating holds the file in memory, twice while it is written. Little endian machines only.
// Not here: weights in several files (`model.weights.json`), quantized layers, optimizers. LoRA is
// read where Keras merges it into the kernels, in `.weights.h5` and `.keras`; a legacy `.h5` has it
// beside them without its factor, and such a layer is `unsupported`.
#pragma once
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attn/runtime/safetensors.h"
#include "attn/runtime/status.h"
#include "attn/runtime/tensor.h"

namespace attn {

/// What a file says about one attention layer.
struct KerasLayerInfo {
  std::string path;        // of its group: "layers/multi_head_attention_1"
  std::string class_name;  // "MultiHeadAttention"; empty where the group's name does not tell
  std::string name;        // what the program called it: "encoder"; empty where that is not stored
  std::vector<std::string> weights;  // in the order of get_weights
};

/// The weights of one layer, in memory of their own. Copies share it; views live as long as any.
class KerasLayer {
 public:
  const KerasLayerInfo& info() const;
  /// In the order of get_weights. A WeightSource: `AnyLayer::load(table, weights->named())`.
  std::span<const NamedTensor> named() const;
  /// not_found: no such weight.
  Result<Tensor> find(std::string_view name) const;

 private:
  friend class KerasFile;
  struct State;
  explicit KerasLayer(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

struct KerasLayerOptions {
  /// The names of the weights, in the order of get_weights, where the file cannot tell them: an
  /// Attention that has one number alone has it as "scale" unless this says "concat_score_weight".
  /// Empty: as the file's layout says. Another number of weights is a Status.
  std::vector<std::string> weights = {};
};

/// An open file. Copies share it. Must not be changed while it is open; a `.keras` file is read
/// into memory, an HDF5 file stays on the disk until a layer is asked for.
class KerasFile {
 public:
  /// not_found: no such file. invalid_file: anything wrong inside.
  static Result<KerasFile> open(const std::string& path);

  const std::string& path() const;
  /// Those with weights of attention, in the order of the file's groups.
  std::span<const KerasLayerInfo> layers() const;
  /// By its path ("layers/multi_head_attention_1"), the last part of that, or its name. Empty: the
  /// only one there is. not_found, or invalid_argument where several fit: names what there is.
  Result<KerasLayer> layer(std::string_view which = {},
                           const KerasLayerOptions& options = {}) const;

 private:
  struct State;
  explicit KerasFile(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// A layer to write.
struct KerasLayerWeights {
  std::string_view class_name;           // "MultiHeadAttention"
  std::span<const NamedTensor> weights;  // any order, any strides; float types
  /// Of its group. Empty: as a functional model has it, "layers/multi_head_attention", "..._1".
  std::string_view path = {};
  std::string_view name = {};  // for people; Keras finds layers by path
};

/// Writes a `.weights.h5` that `model.load_weights` takes for a model whose only weights are those
/// of these layers. Written beside `path` and then renamed: whole or not at all.
Status save_keras_weights(const std::string& path, std::span<const KerasLayerWeights> layers);
inline Status save_keras_weights(const std::string& path, std::string_view class_name,
                                 std::span<const NamedTensor> weights) {
  const KerasLayerWeights layer{class_name, weights};
  return save_keras_weights(path, std::span(&layer, 1));
}
inline Status save_keras_weights(const std::string& path, std::string_view class_name,
                                 std::initializer_list<NamedTensor> weights) {
  return save_keras_weights(path, class_name, std::span(weights.begin(), weights.size()));
}

/// Copies the file `from` to `to` with the weights of one layer replaced, all else as it was; `to`
/// may be `from`. `which` as in KerasFile::layer; `weights` are all of that layer's, of the types
/// and shapes that the file has, in any order. Whole or not at all.
Status update_keras_weights(const std::string& from, const std::string& to, std::string_view which,
                            std::span<const NamedTensor> weights,
                            const KerasLayerOptions& options = {});

}  // namespace attn
