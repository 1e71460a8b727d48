#include "attn/runtime/keras_file.h"

#include <bit>

#include "files/file_kind.h"
#include "files/keras/bytes.h"
#include "files/keras/hdf5.h"
#include "files/keras/layers.h"
#include "files/keras/opened_weights.h"
#include "text.h"

static_assert(std::endian::native == std::endian::little, "weights are kept as the file has them");

namespace attn {

OpenedWeights::~OpenedWeights() {
  if (!file.ok()) return;  // moved from, perhaps by code that holds the lock
  const hdf5::Session session;
  hdf5::Id closed = std::move(file);
}

Result<OpenedWeights> open_weights(const std::string& path) {
  Result<OpenedFile> opened = open_any(path);
  if (!opened.ok()) return opened.status();
  OpenedWeights weights;
  weights.container = opened->container;
  weights.original = std::move(opened->file);
  if (weights.container == Container::zip) {
    Result<Bytes> image = extract_weights(weights.original);
    if (!image.ok()) return image.status();
    weights.image = std::move(*image);
  }
  const bool on_disk = weights.container == Container::hdf5;
  weights.bytes = on_disk ? size_of_file(weights.original) : weights.image.size;

  const hdf5::Session session;
  Result<hdf5::Id> file = hdf5::open({on_disk ? weights.original.get() : -1,
                                      on_disk ? nullptr : weights.image.data.get(), weights.bytes});
  if (!file.ok()) return file.status();
  weights.file = std::move(*file);
  const Result<hdf5::Index> index = hdf5::list(weights.file.get());
  if (!index.ok()) return index.status();
  weights.layers = find_layers(weights.file.get(), *index, weights.bytes);
  return weights;
}

Status rename_weights(LayerPlaces& layer, const KerasLayerOptions& options) {
  if (options.weights.empty()) return {};
  if (options.weights.size() != layer.weights.size()) {
    return {StatusCode::invalid_argument,
            text(quoted(layer.info.path), " has ", layer.weights.size(), " weights, expected ",
                 options.weights.size())};
  }
  for (size_t i = 0; i < layer.weights.size(); ++i) layer.weights[i].name = options.weights[i];
  layer.info.weights = options.weights;
  return {};
}

struct KerasLayer::State {
  KerasLayerInfo info;
  std::vector<hdf5::Array> arrays;
  std::vector<NamedTensor> named;
};

const KerasLayerInfo& KerasLayer::info() const { return state_->info; }
std::span<const NamedTensor> KerasLayer::named() const { return state_->named; }

Result<Tensor> KerasLayer::find(std::string_view name) const {
  for (const NamedTensor& one : state_->named) {
    if (one.name == name) return one.tensor;
  }
  return Status(StatusCode::not_found, text("layer ", quoted(state_->info.path), " has no weight ",
                                            quoted(name), " among its ", state_->named.size()));
}

struct KerasFile::State {
  std::string path;
  OpenedWeights opened;
  std::vector<KerasLayerInfo> listed;
};

Result<KerasFile> KerasFile::open(const std::string& path) {
  Result<OpenedWeights> opened = open_weights(path);
  if (!opened.ok()) return opened.status().with_context(quoted(path));
  auto state = std::make_shared<State>(State{path, std::move(*opened), {}});
  for (const LayerPlaces& layer : state->opened.layers) {
    if (layer.listed) state->listed.push_back(layer.info);
  }
  return KerasFile(std::move(state));
}

const std::string& KerasFile::path() const { return state_->path; }
std::span<const KerasLayerInfo> KerasFile::layers() const { return state_->listed; }

Result<KerasLayer> KerasFile::layer(std::string_view which,
                                    const KerasLayerOptions& options) const {
  Result<const LayerPlaces*> chosen = choose_layer(state_->path, which, state_->opened.layers);
  if (!chosen.ok()) return chosen.status();
  LayerPlaces layer = **chosen;
  Status status = layer.status;
  if (status.code() == StatusCode::invalid_file) {  // a weight is missing
    status = {status.code(), status.message() + shard_note(state_->path)};
  }
  if (status.ok()) status = rename_weights(layer, options);
  if (!status.ok()) return status.with_context(quoted(state_->path));

  auto state = std::make_shared<KerasLayer::State>();
  state->info = std::move(layer.info);
  const hdf5::Session session;
  for (const WeightPlace& weight : layer.weights) {
    Result<hdf5::Array> array =
        hdf5::read(state_->opened.file.get(), weight.dataset, state_->opened.bytes);
    if (!array.ok()) return array.status().with_context(quoted(state_->path));
    state->arrays.push_back(std::move(*array));
  }
  for (size_t i = 0; i < state->arrays.size(); ++i) {
    state->named.push_back({state->info.weights[i], state->arrays[i].tensor()});
  }
  return KerasLayer(std::move(state));
}

}  // namespace attn
