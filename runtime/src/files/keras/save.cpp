#include <cstring>
#include <map>
#include <memory>
#include <new>

#include "attn/runtime/keras_file.h"
#include "files/keras/opened_weights.h"
#include "tensors/elements.h"
#include "tensors/shapes.h"
#include "text.h"

namespace attn {
namespace {

/// Checks that a weight can be stored: it has a floating type, and its memory is there.
Status check(const NamedTensor& one) {
  auto wrong = [&](const std::string& what) {
    return Status(StatusCode::invalid_argument, text("weight ", quoted(one.name), " ", what));
  };
  const Tensor& tensor = one.tensor;
  if (!tensor.present()) return wrong("is absent");
  if (tensor.rank() > max_rank || tensor.strides().rank() != tensor.rank()) {
    return wrong(text("has ", tensor.rank(), " axes and ", tensor.strides().rank(),
                      " strides, expected as many, and at most ", max_rank));
  }
  const DType dtype = tensor.dtype();
  if (dtype != DType::float32 && dtype != DType::float64 && dtype != DType::float16 &&
      dtype != DType::bfloat16) {
    return wrong(text("is ", name_of(dtype), "; expected float16, bfloat16, float32 or float64"));
  }
  for (int64_t extent : tensor.shape()) {
    if (extent < 0) return wrong("has a negative length; got " + tensor.describe());
  }
  if (tensor.shape().elements() > INT64_MAX / 16) return wrong("is too large for any file");
  const std::string name(one.name);
  return check_memory({"weight", name.c_str()}, tensor);
}

/// A contiguous copy of the elements, as HDF5 takes them; null if there is not enough memory.
std::unique_ptr<std::byte[]> contiguous(const Tensor& tensor) {
  const size_t size = size_of(tensor.dtype());
  const auto elements = static_cast<size_t>(tensor.shape().elements());
  std::unique_ptr<std::byte[]> copy(new (std::nothrow) std::byte[elements * size + 1]);
  if (copy == nullptr) return copy;
  std::byte* to = copy.get();
  for_each_element(tensor, [&](const std::byte* element) {
    std::memcpy(to, element, size);
    to += size;
  });
  return copy;
}

const NamedTensor* find(std::span<const NamedTensor> weights, std::string_view name) {
  for (const NamedTensor& one : weights) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

Status no_memory(const std::string& name) {
  return {StatusCode::unsupported, text("the system has no memory to write weight ", quoted(name))};
}

/// Creates a layer's group with its `vars`, which Keras creates for layers without weights too.
Status make_layer_group(hid_t file, const std::string& path, const std::string& name) {
  return hdf5::make_group(file, path + "/vars", name);
}

Status write_layer(hid_t file, const KerasLayerWeights& layer, const std::string& path) {
  std::vector<std::string> names;
  for (const NamedTensor& one : layer.weights) {
    if (Status s = check(one); !s.ok()) return s;
    names.emplace_back(one.name);
  }
  const Result<std::vector<WeightPlace>> places = places_to_write(layer.class_name, path, names);
  if (!places.ok()) return places.status();
  if (Status s = make_layer_group(file, path, std::string(layer.name)); !s.ok()) return s;
  if (layer.class_name != "Attention") {
    for (const char* part : {"/_dropout_layer", "/_softmax"}) {
      if (Status s = make_layer_group(file, path + part, ""); !s.ok()) return s;
    }
  }
  for (const WeightPlace& place : *places) {
    const Tensor& tensor = find(layer.weights, place.name)->tensor;
    const std::unique_ptr<std::byte[]> data = contiguous(tensor);
    if (data == nullptr) return no_memory(place.name);
    if (Status s =
            hdf5::make_dataset(file, place.dataset, data.get(), tensor.dtype(), tensor.shape());
        !s.ok()) {
      return s;
    }
  }
  return {};
}

Status write_layers(hid_t file, std::span<const KerasLayerWeights> layers) {
  if (Status s = hdf5::make_group(file, "vars", ""); !s.ok()) return s;
  std::map<std::string, int> counts;
  for (const KerasLayerWeights& layer : layers) {
    std::string path(layer.path);
    const std::string group(group_name(layer.class_name));
    if (path.empty()) {
      // Keras counts per class and gives the first one no number.
      const int n = counts[group]++;
      path = text("layers/", group, n == 0 ? "" : text("_", n));
    }
    if (Status s = write_layer(file, layer, path); !s.ok()) return s;
  }
  return {};
}

/// Checks that these are all of the layer's weights, in the file's own types and shapes.
Status check_update(const OpenedWeights& file, const LayerPlaces& layer,
                    std::span<const NamedTensor> weights) {
  auto wrong = [&](const std::string& what) {
    return Status(StatusCode::invalid_argument, text("layer ", quoted(layer.info.path), " ", what));
  };
  std::string names;
  for (const WeightPlace& place : layer.weights) {
    names += text(names.empty() ? "" : ", ", place.name);
  }
  for (const NamedTensor& one : weights) {
    if (Status s = check(one); !s.ok()) return s;
    bool known = false;
    for (const WeightPlace& place : layer.weights) known |= place.name == one.name;
    if (!known) return wrong(text("has no weight ", quoted(one.name), "; it has ", names));
    if (find(weights, one.name) != &one) return wrong(text("got ", quoted(one.name), " twice"));
  }
  const hdf5::Session session;
  for (const WeightPlace& place : layer.weights) {
    const NamedTensor* one = find(weights, place.name);
    if (one == nullptr) {
      return wrong(text("needs all of its weights; ", quoted(place.name), " is not given"));
    }
    const Result<hdf5::Array> array = hdf5::describe(file.file.get(), place.dataset, file.bytes);
    if (!array.ok()) return array.status();
    if (array->dtype != one->tensor.dtype() || !(array->shape == one->tensor.shape())) {
      const Tensor expected(nullptr, array->dtype, array->shape);
      return Status(StatusCode::invalid_argument,
                    text("weight ", quoted(place.name), " is ", expected.describe(), " at ",
                         quoted(place.dataset), "; got ", one->tensor.describe()));
    }
  }
  return {};
}

/// The bytes of the HDF5 file of `opened`, with the weights replaced.
Result<Bytes> changed_copy(const OpenedWeights& opened, const LayerPlaces& layer,
                           std::span<const NamedTensor> weights) {
  Result<Bytes> from_disk = Bytes{};
  if (opened.container == Container::hdf5) from_disk = read_bytes(opened.original);
  if (!from_disk.ok()) return from_disk.status();
  const hdf5::Session session;
  const Result<hdf5::Id> file =
      hdf5::open_image(opened.container == Container::hdf5 ? *from_disk : opened.image);
  if (!file.ok()) return file.status();
  for (const WeightPlace& place : layer.weights) {
    const Tensor& tensor = find(weights, place.name)->tensor;
    const std::unique_ptr<std::byte[]> data = contiguous(tensor);
    if (data == nullptr) return no_memory(place.name);
    if (Status s = hdf5::overwrite(file->get(), place.dataset, data.get(), tensor.dtype());
        !s.ok()) {
      return s;
    }
  }
  return hdf5::image(file->get());
}

Status write_file(const std::string& path, const Bytes& bytes) {
  FileBeside file(path);
  if (!file.status().ok()) return file.status();
  if (Status s = write_bytes(file.file(), bytes); !s.ok()) return s;
  return file.keep();
}

}  // namespace

Status save_keras_weights(const std::string& path, std::span<const KerasLayerWeights> layers) {
  auto written = [&]() -> Result<Bytes> {
    const hdf5::Session session;
    const Result<hdf5::Id> file = hdf5::make_image();
    if (!file.ok()) return file.status();
    if (Status s = write_layers(file->get(), layers); !s.ok()) return s;
    return hdf5::image(file->get());
  };
  const Result<Bytes> bytes = written();
  const Status status = bytes.ok() ? write_file(path, *bytes) : bytes.status();
  return status.with_context(quoted(path));
}

Status update_keras_weights(const std::string& from, const std::string& to, std::string_view which,
                            std::span<const NamedTensor> weights,
                            const KerasLayerOptions& options) {
  const Result<OpenedWeights> opened = open_weights(from);
  if (!opened.ok()) return opened.status().with_context(quoted(from));
  const Result<const LayerPlaces*> chosen = choose_layer(from, which, opened->layers);
  if (!chosen.ok()) return chosen.status();
  LayerPlaces layer = **chosen;
  Status status = layer.status;
  if (status.ok()) status = rename_weights(layer, options);
  if (status.ok()) status = check_update(*opened, layer, weights);
  if (!status.ok()) return status.with_context(quoted(from));
  const Result<Bytes> changed = changed_copy(*opened, layer, weights);
  if (!changed.ok()) return changed.status().with_context(quoted(from));

  if (opened->container == Container::hdf5) {
    status = write_file(to, *changed);
  } else {
    FileBeside archive(to);
    status = archive.status();
    if (status.ok()) status = copy_bytes(opened->original, archive.file());
    if (status.ok()) status = replace_weights(archive.name(), *changed);
    if (status.ok()) status = archive.keep();
  }
  return status.with_context(quoted(to));
}

}  // namespace attn
