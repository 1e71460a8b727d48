// config_json.h - reads and writes layers as JSON: what the originals' get_config() returns, alone
// or wrapped by keras.layers.serialize.
//
//   attnc::Result<attnc::JsonLayer> layer = attnc::layer_from_json(text, "encoder.json");
//   if (!layer.ok()) puts(layer.status().message().c_str());
//       // encoder.json: `num_heads` must be positive, not -3
//   puts(attnc::to_json(*layer).dump(2).c_str());
//
// A document is the configuration itself, {"class_name": ..., "config": {...}} or a fixture
// {"layer": ..., "config": {...}}. Classes: Keras's MultiHeadAttention, GroupQueryAttention (the
// class GroupedQueryAttention) and Attention, KerasHub's CachedMultiHeadAttention, Model Garden's
// ReuseMultiHeadAttention, and our own DotProductAttention, which needs its class name as
// CachedMultiHeadAttention does:
//   {"class_name": "DotProductAttention",
//    "config": {"num_query_heads": 8, "num_key_value_heads": 2, "head_dim": 64}}
// Unknown keys are refused by name, also inside initialisers, regularisers and constraints. Values
// are checked by the language's own validator (attn::try_layer).
//
// Lossless: a layer keeps the document that it was read from, with names, initialisers and seeds,
// and is written as it was read. Keys that newer versions added (`use_gate`, `sliding_window`) may
// be missing: they are read as their defaults, and stay missing. Fields that changed since the
// layer was read are written with their new values.
//
// Keys beyond the originals: `flash_attention`, which get_config leaves out; `fully_masked`
// ("uniform", "zero", "additive"); `mask` (a name of named_masks, config_json_keys.h);
// `probability` ("softmax", "sigmoid"); and what Keras learns from its first call but kernels are
// compiled for: `input_rank`, and `size` and `value_size` of Attention. These last are also taken
// from `build_config`, from `query_shape` and so on, or from shapes that the caller knows.
//
// Documents of tf_keras are read too and keep their form: {"class_name": "__tuple__"} and
// TensorShape for lists; `query_shape`, `key_shape`, `value_shape` and `softmax_robust_masking` of
// MultiHeadAttention and CachedMultiHeadAttention. Any of these four makes the layer tf_keras's: a
// row without any key is `additive` there, or `uniform` with `softmax_robust_masking`, unless
// `fully_masked` is given (null: Keras 3's rule). Masks of numbers other than 0 and 1 are still
// read as Keras 3 does. `batch_input_shape` is a shape of the query; `autocast` = true and
// `weights` = null have no effect. A class of the same name from another package (`module`,
// `registered_name`) is refused, and so is a whole model; the error lists the layers in it.
//
// What is understood but cannot be compiled has the code `unsupported`. Not here: other masks,
// which can only be written in C++.
#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

#include "attn/layer.h"
#include "attn/runtime/status.h"

namespace attnc {

using attn::Result;
using attn::Status;

/// The named layers of the language.
using NamedLayer = std::variant<attn::MultiHeadAttention, attn::GroupQueryAttention,
                                attn::CachedMultiHeadAttention, attn::ReuseMultiHeadAttention,
                                attn::Attention, attn::DotProductAttention>;

/// What a layer was read from; see config_json_keys.h.
struct JsonOrigin;

struct JsonLayer {
  std::string name;  // of the configuration, or ""
  NamedLayer config;
  attn::Description description;
  std::shared_ptr<const JsonOrigin> origin;
};

/// Shapes of the inputs, empty where they are unknown; -1 is an unknown length.
struct InputShapes {
  std::vector<std::int64_t> query{}, value{}, key{};
};

/// `file` is the name in errors: invalid_file (no JSON, or no layer), invalid_argument (a wrong
/// value), unsupported.
Result<JsonLayer> layer_from_json(const std::string& text, const std::string& file,
                                  const InputShapes& shapes = {});
Result<JsonLayer> layer_from_json(const nlohmann::json& document, const std::string& file,
                                  const InputShapes& shapes = {});

/// A layer of fields that were set in C++, with the originals' defaults for all other keys.
/// invalid_argument: a mask without a name, a score function or a sink, which JSON cannot hold, or
/// values that the language refuses.
Result<JsonLayer> layer_from_fields(const NamedLayer& config, const std::string& name);

/// The document that the layer was read from (the configuration alone, or wrapped), with the
/// current values of its fields. Keys are in the originals' order.
nlohmann::ordered_json to_json(const JsonLayer& layer);
/// The configuration alone: get_config().
nlohmann::ordered_json config_of(const JsonLayer& layer);

/// Parses a document. Errors have line and column. A text that is too large or too deeply nested to
/// be a description is refused.
Result<nlohmann::json> parse_json(const std::string& text, const std::string& file);

/// The configuration as a C++ initialiser: "attn::MultiHeadAttention{.num_heads = 12, .key_dim =
/// 32}", fields at their defaults left out.
std::string as_source(const NamedLayer& config);

}  // namespace attnc
