// config_json.h - layers from JSON: what Keras's get_config() returns, alone or as
// keras.layers.serialize wraps it.
//
//   attnc::Result<attnc::JsonLayer> layer = attnc::layer_from_json(text, "encoder.json");
//   if (!layer.ok()) puts(layer.status().message().c_str());
//       // encoder.json: `num_heads` must be positive, not -3
//
// Three forms of file are read: the configuration itself, {"class_name": ..., "config": {...}}, and
// a fixture
// {"layer": ..., "config": {...}}. Keys that newer versions added may be missing; initialisers,
// regularisers, constraints, seeds and names change nothing that is computed here and are skipped;
// any other key is refused by name. Beyond Keras, `fully_masked` may be "uniform" or "zero", and
// `mask` "causal" or "causal_from_the_end". MultiHeadAttention and GroupQueryAttention (the class
// GroupedQueryAttention) are Keras's; DotProductAttention is our own and needs its class name:
//   {"class_name": "DotProductAttention", "config": {"num_query_heads": 8, "num_key_value_heads":
//   2, "head_dim": 64}}
// Values are judged by the language's own validator (attn::try_layer). What is understood and not
// compiled yet has the code `unsupported`. Not here: other masks, which only C++ can say.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>

#include "attn/layer.h"
#include "attn/runtime/status.h"

namespace attnc {

using attn::Result;
using attn::Status;

/// Every layer that the language has by name.
using NamedLayer =
    std::variant<attn::MultiHeadAttention, attn::GroupQueryAttention, attn::DotProductAttention>;

struct JsonLayer {
  std::string name;  // the configuration's own, or ""
  NamedLayer config;
  attn::Description description;
};

/// `file` is for sentences. Errors: invalid_file (no JSON), invalid_argument (a wrong value),
/// unsupported.
Result<JsonLayer> layer_from_json(const std::string& text, const std::string& file);
Result<JsonLayer> layer_from_json(const nlohmann::json& document, const std::string& file);

/// A document, or a sentence with line and column; also refuses what is too large to be a
/// description.
Result<nlohmann::json> parse_json(const std::string& text, const std::string& file);

/// The configuration as a C++ initialiser: "attn::MultiHeadAttention{.num_heads = 12, .key_dim =
/// 32}", fields at their defaults left out.
std::string as_source(const NamedLayer& config);

}  // namespace attnc
