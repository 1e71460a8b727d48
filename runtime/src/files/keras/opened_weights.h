// opened_weights.h - an opened file of weights: what reading and updating share.
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
  Bytes image;         // the HDF5 file, if it comes from an archive
  uint64_t bytes = 0;  // size of the HDF5 file
  hdf5::Id file;
  std::vector<LayerPlaces> layers;
};

/// Opens a file and finds its layers. Error messages do not name the file yet.
Result<OpenedWeights> open_weights(const std::string& path);

/// Renames the layer's weights as the caller wants.
Status rename_weights(LayerPlaces& layer, const KerasLayerOptions& options);

}  // namespace attn
