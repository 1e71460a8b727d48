// config_json.h - layers from JSON and back: what the originals' get_config() returns, alone or as
// keras.layers.serialize wraps it.
//
//   attnc::Result<attnc::JsonLayer> layer = attnc::layer_from_json(text, "encoder.json");
//   if (!layer.ok()) puts(layer.status().message().c_str());
//       // encoder.json: `num_heads` must be positive, not -3
//   puts(attnc::to_json(*layer).dump(2).c_str());
//
// Read are the configuration itself, {"class_name": ..., "config": {...}} and a fixture
// {"layer": ..., "config": {...}}. Classes: Keras's MultiHeadAttention, GroupQueryAttention (the
// class GroupedQueryAttention) and Attention, KerasHub's CachedMultiHeadAttention, Model Garden's
// ReuseMultiHeadAttention, and our own DotProductAttention, which needs its class name as
// CachedMultiHeadAttention does:
//   {"class_name": "DotProductAttention",
//    "config": {"num_query_heads": 8, "num_key_value_heads": 2, "head_dim": 64}}
// Any other key is refused by name, also inside initialisers, regularisers and constraints. Values
// are judged by the language's own validator (attn::try_layer).
//
// Lossless: a layer keeps what it was read from, names, initialisers and seeds with it, and is
// written as it came. Keys that newer versions added (`use_gate`, `sliding_window`) may be missing:
// they are read as their defaults, and stay missing. Fields changed in between are written as they
// are then.
//
// Keys beyond the originals: `flash_attention`, which get_config leaves out; `fully_masked`
// ("uniform", "zero", "additive"); `mask` ("causal", "causal_from_the_end"); and what Keras learns
// from its first call, while kernels are made for it: `input_rank`, and of Attention `size` and
// `value_size`. The latter are also taken from `build_config`, from `query_shape` and so
// on, or from shapes that the caller knows.
//
// What tf_keras writes is read too, and stays as it came: {"class_name": "__tuple__"}, TensorShape
// for lists; `query_shape`, `key_shape`, `value_shape` and `softmax_robust_masking` of
// MultiHeadAttention and CachedMultiHeadAttention. Any of these four makes the layer tf_keras's: a
// row without any key is `additive` there, or `uniform` with `softmax_robust_masking`, unless
// `fully_masked` is given (null: Keras 3's rule). Masks of numbers other than 0 and 1 are read as
// Keras 3 does all the same. `batch_input_shape` is a shape of the query, `autocast` and `weights`
// say nothing where they are true and null. A class of this name out of somebody else's package
// (`module`, `registered_name`) is refused, and so is a whole model; the sentence lists its layers.
//
// What is understood and not compiled has the code `unsupported`. Not here: other masks, which only
// C++ can say.
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

/// Every layer that the language has by name.
using NamedLayer = std::variant<attn::MultiHeadAttention, attn::GroupQueryAttention,
                                attn::CachedMultiHeadAttention, attn::ReuseMultiHeadAttention,
                                attn::Attention, attn::DotProductAttention>;

/// What a layer was read from; see config_json_keys.h.
struct JsonOrigin;

struct JsonLayer {
  std::string name;  // the configuration's own, or ""
  NamedLayer config;
  attn::Description description;
  std::shared_ptr<const JsonOrigin> origin;
};

/// Shapes of the inputs, where they are known; -1 for a length that is not.
struct InputShapes {
  std::vector<std::int64_t> query{}, value{}, key{};
};

/// `file` is for sentences. Errors: invalid_file (no JSON), invalid_argument (a wrong value),
/// unsupported.
Result<JsonLayer> layer_from_json(const std::string& text, const std::string& file,
                                  const InputShapes& shapes = {});
Result<JsonLayer> layer_from_json(const nlohmann::json& document, const std::string& file,
                                  const InputShapes& shapes = {});

/// A layer that was filled in C++, with the originals' defaults for all that it does not say.
/// invalid_argument: a mask without a name, or what the language refuses.
Result<JsonLayer> layer_from_fields(const NamedLayer& config, const std::string& name);

/// What the layer was read from, its fields as they are now: the configuration alone, or wrapped.
/// Keys come in the originals' order.
nlohmann::ordered_json to_json(const JsonLayer& layer);
/// The configuration alone: get_config().
nlohmann::ordered_json config_of(const JsonLayer& layer);

/// A document, or a sentence with line and column; also refuses what is too large to be a
/// description.
Result<nlohmann::json> parse_json(const std::string& text, const std::string& file);

/// The configuration as a C++ initialiser: "attn::MultiHeadAttention{.num_heads = 12, .key_dim =
/// 32}", fields at their defaults left out.
std::string as_source(const NamedLayer& config);

}  // namespace attnc
