// Writes a layer as JSON, in the form of the originals, and as C++ source.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "import/config_json_keys.h"

namespace attnc {
namespace {

using attn::StatusCode;
using json = nlohmann::json;
using nlohmann::ordered_json;

bool same(const attn::Formula& a, const attn::Formula& b) {
  return a.size == b.size && std::equal(a.steps.begin(), a.steps.begin() + a.size, b.steps.begin());
}
/// The name of a mask; null for no mask, and for one without a name.
json name_of(const attn::Mask& mask) {
  for (const auto& [name, known] : named_masks) {
    if (same(mask.formula, known.formula)) return name;
  }
  return nullptr;
}

// ---- JSON

json value_of(int n) { return n; }
json value_of(bool b) { return b; }
/// The shortest decimal number that reads back as this float: 0.1, not 0.100000001490116.
json value_of(float x) { return std::strtod(fmt::format("{}", x).c_str(), nullptr); }
json value_of(const attn::Numbers& numbers) {
  return numbers.empty() ? json() : json(std::vector<int>(numbers.begin(), numbers.end()));
}
json value_of(attn::ScoreMode mode) { return attn::score_mode_names[static_cast<size_t>(mode)]; }
json value_of(attn::FullyMasked rule) {
  return attn::fully_masked_names[static_cast<size_t>(rule)];
}
json value_of(attn::DTypePolicy policy) {
  return {{"module", "keras"},
          {"class_name", "DTypePolicy"},
          {"config", {{"name", attn::policy_names[static_cast<size_t>(policy)]}}},
          {"registered_name", nullptr}};
}
json value_of(const attn::Mask& mask) { return name_of(mask); }
json value_of(const attn::ScoreMod&) { return nullptr; }
json value_of(const attn::SinkLogit&) { return nullptr; }
json value_of(attn::Probability p) { return attn::probability_names[static_cast<size_t>(p)]; }
template <class T>
json value_of(const std::optional<T>& field) {
  return field ? value_of(*field) : json();
}

/// Keys in the order of Keras's own files. Keys that are not listed come after these.
constexpr const char* order[] = {"module",
                                 "class_name",
                                 "name",
                                 "trainable",
                                 "dtype",
                                 "num_heads",
                                 "key_dim",
                                 "value_dim",
                                 "head_dim",
                                 "num_query_heads",
                                 "num_key_value_heads",
                                 "use_scale",
                                 "score_mode",
                                 "dropout",
                                 "use_bias",
                                 "use_gate",
                                 "output_shape",
                                 "attention_axes",
                                 "sliding_window",
                                 "reuse_attention",
                                 "use_relative_pe",
                                 "pe_max_seq_length",
                                 "kernel_initializer",
                                 "bias_initializer",
                                 "kernel_regularizer",
                                 "bias_regularizer",
                                 "activity_regularizer",
                                 "kernel_constraint",
                                 "bias_constraint",
                                 "seed",
                                 "config",
                                 "registered_name",
                                 "build_config"};

ordered_json in_order(const json& value) {
  if (value.is_array()) {
    ordered_json out = ordered_json::array();
    for (const json& element : value) out.push_back(in_order(element));
    return out;
  }
  if (!value.is_object()) return ordered_json(value);
  ordered_json out = ordered_json::object();
  for (const char* key : order) {
    if (const auto at = value.find(key); at != value.end()) out[key] = in_order(*at);
  }
  for (const auto& [key, element] : value.items()) {
    if (!out.contains(key)) out[key] = in_order(element);
  }
  return out;
}

/// Writes fields that changed since the layer was read into the configuration.
template <class Layer>
void put_changes(const Layer& now, const Layer& then, json& config) {
  json before = json::object();
  attn::for_each_field(then, [&](std::string_view name, const auto& field) {
    before[std::string(name)] = value_of(field);
  });
  attn::for_each_field(now, [&](std::string_view name, const auto& field) {
    json value = value_of(field);
    if (value != before[std::string(name)]) config[key_of(name, config)] = std::move(value);
  });
}

json document_of(const JsonLayer& layer, bool whole) {
  if (!layer.origin) return nullptr;
  json document = layer.origin->document;
  json& config = layer.origin->wrapped ? document["config"] : document;
  std::visit(
      [&](const auto& now) {
        using Layer = std::remove_cvref_t<decltype(now)>;
        const Layer* then = std::get_if<Layer>(&layer.origin->read);
        put_changes(now, then ? *then : Layer{}, config);
      },
      layer.config);
  return whole ? document : config;
}

json component(const char* module, const char* class_name, json config) {
  return {{"module", module},
          {"class_name", class_name},
          {"config", std::move(config)},
          {"registered_name", nullptr}};
}

/// The default value of a key of the original that is no field of the layer here.
json default_of(std::string_view key, bool legacy) {
  if (key == "trainable") return true;
  if (key == "kernel_initializer") {
    json config = {{"seed", nullptr}};
    if (!legacy) config["input_axes"] = config["output_axes"] = nullptr;
    return component("keras.initializers", "GlorotUniform", std::move(config));
  }
  if (key == "bias_initializer") {
    return component("keras.initializers", "Zeros", json::object());
  }
  return nullptr;
}

template <class Layer>
json config_from(const Layer& layer, const std::string& name) {
  using Class = ClassOf<Layer>;
  // Model Garden's layers belong to an older Keras.
  constexpr bool legacy = std::is_same_v<Layer, attn::ReuseMultiHeadAttention>;
  json out = json::object();
  for (const char* key : Class::keys) out[key] = default_of(key, legacy);
  out["name"] = name;
  const Layer defaults;
  attn::for_each_field(layer, [&](std::string_view field, const auto& value) {
    const std::string key = key_of(field, out);
    const bool original =
        std::find(Class::keys.begin(), Class::keys.end(), key) != Class::keys.end();
    json now = value_of(value), unset;
    attn::for_each_field(defaults, [&](std::string_view other, const auto& field_default) {
      if (other == field) unset = value_of(field_default);
    });
    if (original || now != unset || !Class::module) out[key] = std::move(now);
  });
  if constexpr (requires {
                  layer.value_dim;
                  layer.num_heads;
                })
    out["value_dim"] = layer.value_size();
  if (legacy) out["dtype"] = attn::policy_names[static_cast<size_t>(layer.dtype)];
  return out;
}

template <class Layer>
constexpr bool has_mask = requires(const Layer& layer) {
  layer.mask;
};
template <class Layer>
constexpr bool has_sink = requires(const Layer& layer) {
  layer.sink;
};
template <class Layer>
constexpr bool has_score_mod = requires(const Layer& layer) {
  layer.score_mod;
};

// ---- C++

std::string source_of(int n) { return fmt::format("{}", n); }
std::string source_of(bool b) { return b ? "true" : "false"; }
std::string source_of(float x) {
  // Nine digits identify every float; a decimal point makes it a floating literal.
  std::string text = fmt::format("{:.9g}", x);
  if (text.find_first_of(".e") == text.npos) text += ".0";
  return text + "f";
}
std::string source_of(const attn::Numbers& numbers) {
  std::string list;
  for (int n : numbers) list += fmt::format("{}{}", list.empty() ? "" : ", ", n);
  return "{" + list + "}";
}
std::string source_of(attn::ScoreMode mode) {
  return fmt::format("attn::ScoreMode::{}", attn::score_mode_names[static_cast<size_t>(mode)]);
}
std::string source_of(attn::FullyMasked rule) {
  return fmt::format("attn::FullyMasked::{}", attn::fully_masked_names[static_cast<size_t>(rule)]);
}
std::string source_of(attn::DTypePolicy policy) {
  return fmt::format("attn::DTypePolicy::{}", attn::policy_names[static_cast<size_t>(policy)]);
}
std::string source_of(const attn::Mask& mask) {
  const json name = name_of(mask);
  return name.is_string() ? "attn::" + name.get<std::string>() : "{}";
}
std::string source_of(const attn::ScoreMod&) { return "{}"; }
std::string source_of(const attn::SinkLogit&) { return "{}"; }
std::string source_of(attn::Probability p) {
  return fmt::format("attn::Probability::{}", attn::probability_names[static_cast<size_t>(p)]);
}
template <class T>
std::string source_of(const std::optional<T>& field) {
  return field ? source_of(*field) : "{}";
}

template <class Layer>
std::string source_of_layer(const Layer& config) {
  std::vector<std::string> unset;
  const Layer defaults;
  attn::for_each_field(
      defaults, [&](std::string_view, const auto& field) { unset.push_back(source_of(field)); });
  std::string out = fmt::format("attn::{}{{", ClassOf<Layer>::name);
  const char* separator = "";
  size_t i = 0;
  attn::for_each_field(config, [&](std::string_view name, const auto& field) {
    const std::string value = source_of(field);
    const auto& needed = ClassOf<Layer>::needed;
    const bool always = std::find(needed.begin(), needed.end(), name) != needed.end();
    if (value == unset[i++] && !always) return;
    out += fmt::format("{}.{} = {}", separator, name, value);
    separator = ", ";
  });
  return out + "}";
}

}  // namespace

ordered_json to_json(const JsonLayer& layer) { return in_order(document_of(layer, true)); }
ordered_json config_of(const JsonLayer& layer) { return in_order(document_of(layer, false)); }

Result<JsonLayer> layer_from_fields(const NamedLayer& config, const std::string& name) {
  return std::visit(
      [&](const auto& layer) -> Result<JsonLayer> {
        using Layer = std::remove_cvref_t<decltype(layer)>;
        using Class = ClassOf<Layer>;
        if constexpr (has_mask<Layer>) {
          if (!layer.mask.formula.empty() && name_of(layer.mask).is_null()) {
            return Status(
                StatusCode::invalid_argument,
                "`mask` is a formula, which only C++ can say: in JSON it is " + mask_choices());
          }
        }
        if constexpr (has_score_mod<Layer>) {
          if (!layer.score_mod.formula.empty()) {
            return Status(StatusCode::invalid_argument,
                          "`score_mod` is a formula, which only C++ can say");
          }
        }
        if constexpr (has_sink<Layer>) {
          if (!layer.sink.formula.empty()) {
            return Status(StatusCode::invalid_argument,
                          "`sink` is a formula, which only C++ can say");
          }
        }
        JsonLayer out{
            .name = name, .config = layer, .description = attn::try_layer(layer), .origin = {}};
        if (const attn::Error& error = out.description.error()) {
          return Status(StatusCode::invalid_argument, error.text());
        }
        json document = {{"class_name", Class::class_name}, {"config", config_from(layer, name)}};
        if (Class::module) {
          document["module"] = Class::module;
          document["registered_name"] = Class::registered ? json(Class::registered) : json();
        }
        out.origin = std::make_shared<JsonOrigin>(JsonOrigin{std::move(document), true, layer});
        return out;
      },
      config);
}

std::string as_source(const NamedLayer& config) {
  return std::visit([](const auto& layer) { return source_of_layer(layer); }, config);
}

}  // namespace attnc
