// config_json_keys.h - classes, keys and values of the layers' configurations. Internal to the
// files config_json*.cpp: the reader (config_json.cpp), the writer (config_json_write.cpp) and
// their parts.
#pragma once
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attn/reflect.h"
#include "import/config_json.h"

namespace attnc {

/// A class of the originals. `keys` are those of get_config, in its order; `needed` keys have no
/// default.
template <class Layer>
struct ClassOf;

#define ATTNC_COMPONENT_KEYS                                                          \
  "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer", \
      "activity_regularizer", "kernel_constraint", "bias_constraint"

template <>
struct ClassOf<attn::MultiHeadAttention> {
  static constexpr const char *name = "MultiHeadAttention", *module = "keras.layers",
                              *class_name = name, *registered = nullptr;
  static constexpr std::array needed = {"num_heads", "key_dim"};
  static constexpr std::array keys = {"name",
                                      "trainable",
                                      "dtype",
                                      "num_heads",
                                      "key_dim",
                                      "value_dim",
                                      "dropout",
                                      "use_bias",
                                      "use_gate",
                                      "output_shape",
                                      "attention_axes",
                                      "sliding_window",
                                      ATTNC_COMPONENT_KEYS,
                                      "seed"};
};
template <>
struct ClassOf<attn::CachedMultiHeadAttention> : ClassOf<attn::MultiHeadAttention> {
  static constexpr const char *name = "CachedMultiHeadAttention",
                              *module = "keras_hub.src.layers.modeling.cached_multi_head_attention",
                              *class_name = name,
                              *registered = "keras_hub>CachedMultiHeadAttention";
};
template <>
struct ClassOf<attn::GroupQueryAttention> {
  static constexpr const char *name = "GroupQueryAttention", *module = "keras.layers",
                              *class_name = name, *registered = nullptr;
  static constexpr std::array needed = {"head_dim", "num_query_heads", "num_key_value_heads"};
  static constexpr std::array keys = {"name",     "trainable",          "dtype",
                                      "head_dim", "num_query_heads",    "num_key_value_heads",
                                      "use_bias", "use_gate",           "sliding_window",
                                      "dropout",  ATTNC_COMPONENT_KEYS, "seed"};
};
template <>
struct ClassOf<attn::ReuseMultiHeadAttention> {
  static constexpr const char *name = "ReuseMultiHeadAttention",
                              *module = "official.nlp.modeling.layers.reuse_attention",
                              *class_name = name, *registered = "ReuseMultiHeadAttention";
  static constexpr std::array needed = {"num_heads", "key_dim"};
  static constexpr std::array keys = {"name",
                                      "trainable",
                                      "dtype",
                                      "num_heads",
                                      "key_dim",
                                      "value_dim",
                                      "dropout",
                                      "use_bias",
                                      "output_shape",
                                      "attention_axes",
                                      "reuse_attention",
                                      "use_relative_pe",
                                      "pe_max_seq_length",
                                      ATTNC_COMPONENT_KEYS,
                                      "query_shape",
                                      "key_shape",
                                      "value_shape"};
};
template <>
struct ClassOf<attn::Attention> {
  static constexpr const char *name = "Attention", *module = "keras.layers", *class_name = name,
                              *registered = nullptr;
  static constexpr std::array<const char*, 0> needed = {};
  static constexpr std::array keys = {"name",       "trainable", "dtype", "use_scale",
                                      "score_mode", "dropout",   "seed"};
};
template <>
struct ClassOf<attn::DotProductAttention> {
  static constexpr const char *name = "DotProductAttention", *module = nullptr, *class_name = name,
                              *registered = nullptr;
  static constexpr std::array needed = {"head_dim", "num_query_heads", "num_key_value_heads"};
  static constexpr std::array keys = {"name", "dtype"};
};
#undef ATTNC_COMPONENT_KEYS

/// Further keys of get_config in tf_keras's MultiHeadAttention and the layers derived from it. They
/// are read, and never added to a layer that was read without them.
inline constexpr std::array tf_keras_keys = {"query_shape", "key_shape", "value_shape",
                                             "softmax_robust_masking"};
template <class Layer>
constexpr bool has_tf_keras_keys = std::is_same_v<Layer, attn::MultiHeadAttention> ||
                                   std::is_same_v<Layer, attn::CachedMultiHeadAttention>;
/// Arguments of every Keras layer that get_config leaves out, or has only if they were used.
inline constexpr std::array base_keys = {"autocast", "batch_input_shape", "weights"};

/// The masks that have a name.
inline constexpr std::pair<const char*, attn::Mask> named_masks[] = {
    {"causal", attn::causal}, {"causal_from_the_end", attn::causal_from_the_end}};

/// The key of a field in `config`: the name of the field, with one exception.
inline std::string key_of(std::string_view field, const nlohmann::json& config) {
  // The paper and Model Garden's documentation say max_sequence_length, its code pe_max_seq_length.
  if (field == "max_sequence_length" && !config.contains("max_sequence_length")) {
    return "pe_max_seq_length";
  }
  return std::string(field);
}

inline bool is_component(std::string_view key) {
  return key.ends_with("_initializer") || key.ends_with("_regularizer") ||
         key.ends_with("_constraint");
}
// ---- config_json_values.cpp

/// `"a", "b" or null`: names in quotes, then `last` without quotes unless it is empty.
std::string choices(const std::vector<std::string_view>& names, std::string_view last);
/// The names of named_masks, or null.
std::string mask_choices();
/// A value as text for errors, cut to 60 bytes.
std::string shown(const nlohmann::json& value);
/// The value with lists in place of {"class_name": "__tuple__", "items": [...]} and of
/// TensorShapes; null in place of a shape whose `items` are null, which has an unknown number of
/// axes.
nlohmann::json plain_lists(const nlohmann::json& value);
/// A shape from a list of numbers, with -1 for unknown lengths (null or -1). Empty where the value
/// is no shape.
std::vector<std::int64_t> shape_of(const nlohmann::json& value);
/// The shapes in `build_config`: {"shapes_dict": {"query_shape": ...}}, or {"input_shape": [...]}
/// of one input or of a list of inputs. Other forms are ignored.
InputShapes shapes_of_build(const nlohmann::json& document);
/// Reads null (which leaves `out` unchanged), "float32", a DTypePolicy, or a DTypePolicyMap whose
/// entries all equal its default. Errors name `key`, but no file.
Status read_policy(std::string_view key, const nlohmann::json& value, attn::DTypePolicy& out);

// ---- config_json_model.cpp

/// A class name without its package: "MultiHeadAttention" for "keras.layers>MultiHeadAttention",
/// which is how registered classes are written.
std::string plain_class(const std::string& name);
/// Why the class `name` ("" if unknown) of a document cannot be read, as an error that names no
/// file. "" where it can: an original, from its own package or without a package. The error for a
/// model, or for a layer that contains others, lists name, class and path of each layer in it that
/// can be read.
std::string refused_class(const nlohmann::json& document, const std::string& name);

// ---- config_json_components.cpp

/// What is wrong with an initialiser, regulariser or constraint, or "".
std::string component_mistake(std::string_view key, const nlohmann::json& value);

struct JsonOrigin {
  nlohmann::json document;
  bool wrapped = false;  // the configuration is the member `config`
  NamedLayer read;       // the fields as they were read
};

}  // namespace attnc
