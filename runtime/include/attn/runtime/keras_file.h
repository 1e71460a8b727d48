// keras_file.h - reads the weights of attention layers from Keras's files, and writes them.
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
// Files: `.weights.h5` of Keras 3, `.keras`, and the legacy `.h5` of tf_keras and Keras 3. The
// contents decide which kind a file is, not its name. Weights get the names and the order of
// get_weights ("query/kernel", ...), wherever and under whatever name the file stores them. Layers:
// MultiHeadAttention, CachedMultiHeadAttention, GroupQueryAttention, Attention and
// ReuseMultiHeadAttention; other layers of a model are skipped.
//
// Files are not trusted: one that is truncated, corrupt or of another kind yields a Status. Links
// to other files and data outside the file are refused. The HDF5 library reads the structure, so
// against a hostile file this reader is only as safe as the HDF5 version behind it
// (runtime/README.md describes the precautions). All HDF5 work here takes one lock, and HDF5's own
// error printing is off meanwhile. A program that uses HDF5 from other threads at the same time
// needs a thread-safe build of it (Debian's is).
//
// Updating holds the file in memory, and two copies of it while it is written. Little-endian
// machines only. Not here: weights in several files (`model.weights.json`), quantized layers,
// optimizers. LoRA is read from `.weights.h5` and `.keras`, where Keras merges it into the kernels.
// A legacy `.h5` stores it beside the kernels without its scaling factor; loading such a layer is
// `unsupported`.
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
  std::string class_name;  // "MultiHeadAttention"; empty if the group's name does not reveal it
  std::string name;        // the layer's name in the model: "encoder"; empty if it is not stored
  std::vector<std::string> weights;  // in the order of get_weights
};

/// The weights of one layer, in memory that the KerasLayer owns. Copies share that memory; views of
/// it are valid as long as any copy lives.
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
  /// The names of the weights, in the order of get_weights, for files that do not determine them:
  /// the only weight of an Attention is "scale" unless this says "concat_score_weight". Empty: the
  /// names follow from the file's layout. invalid_argument: the layer has another number of
  /// weights.
  std::vector<std::string> weights = {};
};

/// An open file. Copies share it. The file must not be changed while it is open. The weights of a
/// `.keras` file are read into memory on opening, those of an HDF5 file when a layer is asked for.
class KerasFile {
 public:
  /// not_found: no such file. invalid_file: anything wrong inside.
  static Result<KerasFile> open(const std::string& path);

  const std::string& path() const;
  /// The attention layers that have weights, in the order of the file's groups.
  std::span<const KerasLayerInfo> layers() const;
  /// Finds a layer by its path ("layers/multi_head_attention_1"), by the last part of the path, or
  /// by its name; an empty string means the only layer of the file. not_found: no layer matches;
  /// the message lists the layers of the file. invalid_argument: several match; it lists those.
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
  std::span<const NamedTensor> weights;  // any order, any strides, floating-point types
  /// Of its group. Empty: as in a functional model, "layers/multi_head_attention", "..._1", ...
  std::string_view path = {};
  std::string_view name = {};  // for readers of the file; Keras finds layers by path
};

/// Writes a `.weights.h5` for `model.load_weights` of a model whose only weights are those of these
/// layers. The file is written under a temporary name beside `path` and then renamed, so it appears
/// complete or not at all.
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

/// Copies the file `from` to `to`, replaces the weights of one layer and keeps everything else.
/// `to` may be `from`. `which` is as in KerasFile::layer. `weights` are all weights of that layer,
/// in any order, with the types and shapes that the file has. `to` is replaced completely or not at
/// all.
Status update_keras_weights(const std::string& from, const std::string& to, std::string_view which,
                            std::span<const NamedTensor> weights,
                            const KerasLayerOptions& options = {});

}  // namespace attn
