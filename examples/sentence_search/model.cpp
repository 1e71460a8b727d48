#include "model.h"

#include <algorithm>

namespace {

// Rows that a thread takes at a time: enough to pack a matrix for, few enough that two threads
// share thirty sentences.
constexpr int block_rows = 64;

constexpr int features = Model::features, heads = Model::heads, head_size = Model::head_size;

/// Finds weights by name and shape. The first that is missing or another one's is kept, and asked
/// for at the end; what `find` gives after a failure is empty.
class Weights {
 public:
  explicit Weights(const attn::SafeTensors& file) : file_(file) {}

  const float* find(const std::string& name, const attn::Shape& shape) {
    const attn::Result<attn::Tensor> found = file_.find(name);
    if (!found.ok()) {
      fail(found.status());
      return nullptr;
    }
    const attn::Tensor want(static_cast<const float*>(nullptr), shape);
    if (found->dtype() != want.dtype() || found->shape() != shape) {
      fail({attn::StatusCode::invalid_file,
            file_.path() + ": `" + name + "` is " + found->describe() + ", expected " +
                want.describe() + ": this is not all-MiniLM-L6-v2"});
      return nullptr;
    }
    return static_cast<const float*>(found->data());
  }
  MatrixView matrix(const std::string& name, int rows, int columns) {
    const float* data = find(name, {rows, columns});
    return {data, data ? rows : 0, data ? columns : 0};
  }
  VectorView vector(const std::string& name, int size) {
    const float* data = find(name, {size});
    return {data, data ? size : 0};
  }
  Linear linear(const std::string& name, int in, int out) {
    return {matrix(name + ".weight", out, in), vector(name + ".bias", out)};
  }
  LayerNorm norm(const std::string& name) {
    return {vector(name + ".weight", features), vector(name + ".bias", features)};
  }

  /// torch computes x W^T with W [head * size, feature]; Keras x K with K [feature, head, size]. K
  /// is W seen with other strides.
  attn::Tensor projection(const std::string& name) {
    return {find(name + ".weight", {features, features}),
            attn::DType::float32,
            {features, heads, head_size},
            {1, head_size * features, features}};
  }
  attn::Tensor projection_bias(const std::string& name) {
    return {find(name + ".bias", {features}), {heads, head_size}};
  }
  /// Back: W [feature, head * size] is Keras's [head, size, feature].
  attn::Tensor output_projection(const std::string& name) {
    return {find(name + ".weight", {features, features}),
            attn::DType::float32,
            {heads, head_size, features},
            {head_size, 1, features}};
  }

  void fail(attn::Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  const attn::Status& status() const { return status_; }

 private:
  const attn::SafeTensors& file_;
  attn::Status status_;
};

}  // namespace

attn::Result<Model> Model::open(const std::string& weights_file, const ModelOptions& options) {
  attn::Result<attn::SafeTensors> file = attn::SafeTensors::open(weights_file);
  if (!file.ok()) return file.status();
  attn::Executor& executor = options.executor ? *options.executor : attn::default_executor();

  Weights w(*file);
  const Embeddings embeddings{w.matrix("embeddings.word_embeddings.weight", words, features),
                              w.matrix("embeddings.position_embeddings.weight", longest, features),
                              w.matrix("embeddings.token_type_embeddings.weight", 2, features),
                              w.norm("embeddings.LayerNorm")};
  if (const std::string more = "encoder.layer." + std::to_string(layers);
      file->contains(more + ".output.dense.weight")) {
    w.fail({attn::StatusCode::invalid_file, file->path() + " has a layer `" + more +
                                                "`, expected " + std::to_string(layers) +
                                                " layers: this is not "
                                                "all-MiniLM-L6-v2"});
  }
  std::vector<Encoder> encoders;
  for (int i = 0; i < layers && w.status().ok(); ++i) {
    const std::string at = "encoder.layer." + std::to_string(i) + ".",
                      self = at + "attention.self.";
    const attn::Layer<model::encoder>::Weights attention{
        .query_kernel = w.projection(self + "query"),
        .query_bias = w.projection_bias(self + "query"),
        .key_kernel = w.projection(self + "key"),
        .key_bias = w.projection_bias(self + "key"),
        .value_kernel = w.projection(self + "value"),
        .value_bias = w.projection_bias(self + "value"),
        .attention_output_kernel = w.output_projection(at + "attention.output.dense"),
        .attention_output_bias = {w.find(at + "attention.output.dense.bias", {features}),
                                  {features}},
    };
    if (!w.status().ok()) break;
    auto layer = attn::Layer<model::encoder>::load(
        attention, {.target = options.variant, .executor = &executor});
    if (!layer.ok()) return layer.status();
    encoders.push_back({*std::move(layer), w.norm(at + "attention.output.LayerNorm"),
                        w.linear(at + "intermediate.dense", features, hidden),
                        w.linear(at + "output.dense", hidden, features),
                        w.norm(at + "output.LayerNorm")});
  }
  if (!w.status().ok()) return w.status();
  return Model(*std::move(file), executor, embeddings, std::move(encoders));
}

void Model::embed(std::span<const int32_t> ids, int length, Matrix& x) const {
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    x.row(i) = embeddings_.words.row(ids[static_cast<size_t>(i)]) +
               embeddings_.positions.row(i % length) + embeddings_.types.row(0);
  }
  layer_norm(x, embeddings_.norm);
}

attn::Result<Matrix> Model::run(std::span<const int32_t> ids, std::span<const uint8_t> mask,
                                int texts, int length) const {
  const int rows = texts * length;
  if (texts < 1 || length < 1 || length > longest || ids.size() != static_cast<size_t>(rows) ||
      mask.size() != ids.size()) {
    return attn::Status(
        attn::StatusCode::invalid_argument,
        "expected texts * length ids and as many entries of the mask, length at most " +
            std::to_string(longest) + "; got " + std::to_string(texts) + " * " +
            std::to_string(length) + ", " + std::to_string(ids.size()) + " and " +
            std::to_string(mask.size()));
  }
  const auto [least, most] = std::minmax_element(ids.begin(), ids.end());
  if (*least < 0 || *most >= words) {
    return attn::Status(
        attn::StatusCode::invalid_argument,
        "an id is outside of the vocabulary of " + std::to_string(words) + " pieces");
  }

  Matrix x(rows, features), attended(rows, features);
  embed(ids, length, x);
  const attn::Shape shape{texts, length, features};
  const attn::Tensor query(x.data(), shape),
      keys(mask.data(), attn::DType::boolean, {texts, 1, 1, length});
  attn::Workspace scratch;
  const int blocks = (rows + block_rows - 1) / block_rows;
  std::vector<Matrix> wide(static_cast<size_t>(executor_->worker_count()));  // one a thread
  for (const Encoder& encoder : encoders_) {
    if (attn::Status s =
            encoder.attention.run({.query = query, .value = query, .attention_mask = keys},
                                  {.output = {attended.data(), shape}}, scratch);
        !s.ok()) {
      return s;
    }
    attn::parallel_for(*executor_, blocks, [&](int block, int worker) {
      const int first = block * block_rows, count = std::min(block_rows, rows - first);
      auto mine = x.middleRows(first, count), output = attended.middleRows(first, count);
      Matrix& h = wide[static_cast<size_t>(worker)];
      h.resize(count, hidden);
      mine += output;
      layer_norm(mine, encoder.attention_norm);
      linear(mine, encoder.widen, h);
      gelu(h);
      linear(h, encoder.narrow, output);
      mine += output;
      layer_norm(mine, encoder.output_norm);
    });
  }
  return x;
}
