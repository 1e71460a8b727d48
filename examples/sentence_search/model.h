// model.h - all-MiniLM-L6-v2 from its weights: numbers of pieces in, one row of 384 features for
// each piece out.
//
//   attn::Result<Model> model = Model::open("model.safetensors", {});
//   attn::Result<Matrix> hidden = model->run(ids, mask, 3, 16);
//
// runs 3 texts that are padded to 16 pieces each; the matrix has 48 rows.
//
// Attention is attnc's: one description (layers.h), loaded six times with the weights of six
// layers. The file keeps torch's matrices, the layer wants Keras's; they are the same numbers in
// another order, so the layer is given views with torch's strides, and loading is the only copy.
// The rest is dense.h on views into the mapped file.
// Not here: dropout and the pooler, which sentences do without; other sizes of BERT.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attn/runtime/executor.h"
#include "dense.h"
#include "sentence_layers/encoder.attn.h"

struct ModelOptions {
  /// Kernels: "avx512", "avx2", "baseline". Empty: the best that this processor runs.
  std::string variant;
  /// Null: one thread for each processor. Has to outlive the model.
  attn::Executor* executor = nullptr;
};

class Model {
 public:
  static constexpr int layers = 6, heads = 12, head_size = 32, features = heads * head_size,
                       hidden = 1536;
  static constexpr int longest = 512;  // pieces a text
  static constexpr int words = 30522;  // pieces of the vocabulary

  /// not_found, or invalid_file where the file is cut or holds another model.
  static attn::Result<Model> open(const std::string& weights_file, const ModelOptions& options);

  /// `ids` and `mask` hold texts * length entries; the mask is 1 at pieces and 0 at padding.
  /// Returns as many rows. Safe to call from many threads.
  attn::Result<Matrix> run(std::span<const int32_t> ids, std::span<const uint8_t> mask, int texts,
                           int length) const;

  std::string_view variant() const { return encoders_.front().attention.any().target(); }
  int threads() const { return executor_->worker_count(); }

 private:
  struct Encoder {
    attn::Layer<model::encoder> attention;
    LayerNorm attention_norm;
    Linear widen, narrow;
    LayerNorm output_norm;
  };
  struct Embeddings {
    MatrixView words, positions, types;
    LayerNorm norm;
  };

  Model(attn::SafeTensors file, attn::Executor& executor, const Embeddings& embeddings,
        std::vector<Encoder> encoders)
      : file_(std::move(file)),
        executor_(&executor),
        embeddings_(embeddings),
        encoders_(std::move(encoders)) {}
  void embed(std::span<const int32_t> ids, int length, Matrix& x) const;

  attn::SafeTensors file_;  // what the views look into
  attn::Executor* executor_;
  Embeddings embeddings_;
  std::vector<Encoder> encoders_;
};
