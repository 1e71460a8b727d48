// opened_weights.h - a file of weights, opened: what reading and updating share.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "attn/runtime/keras_file.h"
#include "files/keras/bytes.h"
#include "files/keras/hdf5.h"
#include "files/keras/layers.h"

namespace attn {

struct OpenedWeights {
  OpenedWeights() = default;
  OpenedWeights(OpenedWeights&&) = default;
  OpenedWeights& operator=(OpenedWeights&&) = default;
  ~OpenedWeights();  // takes the lock of HDF5

  Container container = Container::hdf5;
  Descriptor original;
  Bytes image;         // what an archive holds
  uint64_t bytes = 0;  // of the HDF5 file
  hdf5::Id file;
  std::vector<LayerPlaces> layers;
};

/// Sentences do not name the file yet.
Result<OpenedWeights> open_weights(const std::string& path);

/// Gives the weights the names that the caller wants.
Status rename_weights(LayerPlaces& layer, const KerasLayerOptions& options);

}  // namespace attn
