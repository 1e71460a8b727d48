// layers.h - where Keras keeps which weight: our names on one side, HDF5 paths on the
// other.
//
// `.weights.h5` (Keras 3, alone or within `.keras`), for the layer whose group is G:
//
//   MultiHeadAttention, Cached...   G/query_dense/vars/0 (kernel), /1 (bias); key_, value_,
//                                   output_dense; gate: _gate_dense
//   GroupQueryAttention             the same with _query_dense, ...
//   ReuseMultiHeadAttention         G/vars/0 (relative_position_embeddings),
//                                   _query_dense, _key_dense;
//                                   _value_dense/einsum_dense, .../einsum_dense_1,
//                                   _output_dense/...: reused heads first, then new ones, and only
//                                   those there are
//   Attention                       G/vars/0, /1: scale, concat_score_weight, those there are
//
// G is "layers/" and the class in snake case, counted; or the attribute of the model that holds it.
// The layer's own name is an attribute `name` of G/vars.
//
// Legacy `.h5`: attributes `layer_names` of the file (or of its group model_weights) and
// `weight_names` of every layer's group name the datasets: "encoder/query/kernel:0".
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attn/runtime/keras_file.h"
#include "files/keras/hdf5.h"

namespace attn {

struct WeightPlace {
  std::string name;     // "query/kernel"
  std::string dataset;  // "layers/multi_head_attention/query_dense/vars/0"
};

struct LayerPlaces {
  KerasLayerInfo info;
  std::vector<WeightPlace> weights;  // in the order of get_weights
  Status status;                     // what is missing; told when the layer is asked for
  bool listed = true;                // else it may be an Attention, and is one if somebody names it
};

/// All attention layers of a file.
std::vector<LayerPlaces> find_layers(hid_t file, const hdf5::Index& index, uint64_t file_bytes);

/// The layer that `which` means; `file` is for the sentence.
Result<const LayerPlaces*> choose_layer(const std::string& file, std::string_view which,
                                        std::span<const LayerPlaces> layers);

/// Where a layer of this class at `path` keeps weights of these names, in the order of get_weights.
Result<std::vector<WeightPlace>> places_to_write(std::string_view class_name,
                                                 const std::string& path,
                                                 std::span<const std::string> names);

/// "multi_head_attention"; empty for classes that are not known here.
std::string_view group_name(std::string_view class_name);

}  // namespace attn
