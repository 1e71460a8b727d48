// layers.h - where Keras stores each weight: maps our names to HDF5 paths.
//
// `.weights.h5` (Keras 3, alone or within `.keras`), for the layer whose group is G:
//
//   MultiHeadAttention, Cached...   G/query_dense/vars/0 (kernel), /1 (bias); key_, value_,
//                                   output_dense; gate: _gate_dense
//   GroupQueryAttention             the same with _query_dense, ...
//   ReuseMultiHeadAttention         G/vars/0 (relative_position_embeddings),
//                                   _query_dense, _key_dense;
//                                   _value_dense/einsum_dense, .../einsum_dense_1,
//                                   _output_dense/...: reused heads first, then new ones, those
//                                   that the layer has
//   Attention                       G/vars/0, /1: scale, concat_score_weight, if the layer has them
//
// G is "layers/" and the class in snake case, numbered from the second one on, or the name of the
// model's attribute that holds the layer. The layer's own name is the attribute `name` of G/vars.
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
  Status status;                     // what is missing; reported when the layer is requested
  bool listed = true;                // false: may be an Attention; is taken for one if requested
};

/// All attention layers of a file, and with `listed` false those that may be one.
std::vector<LayerPlaces> find_layers(hid_t file, const hdf5::Index& index, uint64_t file_bytes);

/// The layer that `which` names; `file` is for the error message.
Result<const LayerPlaces*> choose_layer(const std::string& file, std::string_view which,
                                        std::span<const LayerPlaces> layers);

/// Where a layer of this class at `path` stores weights of these names, in the order of
/// get_weights.
Result<std::vector<WeightPlace>> places_to_write(std::string_view class_name,
                                                 const std::string& path,
                                                 std::span<const std::string> names);

/// "multi_head_attention"; empty for unknown classes.
std::string_view group_name(std::string_view class_name);

}  // namespace attn
