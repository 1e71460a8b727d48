#include "import/config_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "attn/reflect.h"

namespace attnc {
namespace {

using attn::StatusCode;
using json = nlohmann::json;

// A configuration has a few kilobytes; no fixture reaches one megabyte.
constexpr size_t max_bytes = 16 << 20;
constexpr int max_depth = 64;
constexpr const char* supported_classes =
    "MultiHeadAttention, GroupQueryAttention and DotProductAttention";

/// What a sentence and C++ call a configuration's class, and the keys that it cannot do without.
template <class Layer>
struct ClassOf;
template <>
struct ClassOf<attn::MultiHeadAttention> {
  static constexpr const char* name = "MultiHeadAttention";
  static constexpr std::array needed = {"num_heads", "key_dim"};
};
template <>
struct ClassOf<attn::GroupQueryAttention> {
  static constexpr const char* name = "GroupQueryAttention";
  static constexpr std::array needed = {"head_dim", "num_query_heads", "num_key_value_heads"};
};
template <>
struct ClassOf<attn::DotProductAttention> {
  static constexpr const char* name = "DotProductAttention";
  static constexpr std::array needed = {"head_dim", "num_query_heads", "num_key_value_heads"};
};

// Keys that change nothing in what a built layer computes.
constexpr std::array<std::string_view, 13> ignored = {
    "name",
    "trainable",
    "batch_input_shape",
    "build_config",
    "kernel_initializer",
    "bias_initializer",
    "kernel_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "kernel_constraint",
    "bias_constraint",
    "seed",
    "dtype",  // checked on its own
};

/// The masks that have a name.
constexpr std::pair<const char*, attn::Mask> masks[] = {
    {"causal", attn::causal}, {"causal_from_the_end", attn::causal_from_the_end}};

bool is_ignored(std::string_view key) {
  for (std::string_view k : ignored) {
    if (k == key) return true;
  }
  return false;
}

/// A value as a sentence shows it: short, whatever came.
std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

/// Fills one configuration and keeps the first complaint.
class Reader {
 public:
  Reader(const json& config, const std::string& file) : config_(config), file_(file) {}

  template <class Layer>
  Status read(Layer& out) {
    using Class = ClassOf<Layer>;
    attn::for_each_field(out, [&](std::string_view name, auto& field) { one(name, field); });
    not_yet<Layer>();
    dtype();
    for (const char* key : Class::needed) {
      if (!config_.contains(key)) wrong(fmt::format("the key `{}` is missing", key));
    }
    for (const auto& [key, value] : config_.items()) {
      if (!known<Layer>(key)) wrong(fmt::format("{} has no key `{}`", Class::name, key));
    }
    return status_;
  }

 private:
  void fail(StatusCode code, const std::string& sentence) {
    if (status_.ok()) status_ = Status(code, file_ + ": " + sentence);
  }
  void wrong(const std::string& sentence) { fail(StatusCode::invalid_argument, sentence); }
  void wrong_type(std::string_view key, const char* wanted, const json& got) {
    wrong(fmt::format("`{}` must be {}, not {}", key, wanted, shown(got)));
  }
  void not_supported(std::string_view key, const json& got, const char* supported) {
    fail(StatusCode::unsupported,
         fmt::format("`{}` = {} is not supported yet; {} is", key, shown(got), supported));
  }

  /// A key that is there; null stands for the default, as in Keras.
  const json* find(std::string_view key) const {
    const auto at = config_.find(std::string(key));
    return at == config_.end() || at->is_null() ? nullptr : &*at;
  }
  template <class Layer>
  bool known(std::string_view key) const {
    bool found = key == "name" || key == "dtype";
    if (!std::is_same_v<Layer, attn::DotProductAttention>) {
      found |= is_ignored(key) || key == "sliding_window" || key == "use_gate";
    }
    if (std::is_same_v<Layer, attn::MultiHeadAttention>) found |= key == "attention_axes";
    Layer fields;
    attn::for_each_field(fields, [&](std::string_view name, auto&) { found |= name == key; });
    return found;
  }

  bool whole(std::string_view key, const json& value, const char* wanted, int& out) {
    constexpr auto least = std::numeric_limits<int>::min(), most = std::numeric_limits<int>::max();
    const bool fits = value.is_number_unsigned()
                          ? value.get<uint64_t>() <= static_cast<uint64_t>(most)
                          : value.is_number_integer() && value.get<int64_t>() >= least;
    if (!fits) return wrong_type(key, wanted, value), false;
    out = value.get<int>();
    return true;
  }

  void one(std::string_view key, int& out) {
    if (config_.contains(std::string(key)) && !find(key))
      return wrong_type(key, "a whole number", json());
    if (const json* value = find(key)) whole(key, *value, "a whole number", out);
  }
  void one(std::string_view key, std::optional<int>& out) {
    int number = 0;
    if (const json* value = find(key);
        value && whole(key, *value, "a whole number or null", number))
      out = number;
  }
  void one(std::string_view key, float& out) {
    const json* value = find(key);
    if (!value) return;
    if (!value->is_number()) return wrong_type(key, "a number", *value);
    out = value->get<float>();
  }
  void one(std::string_view key, bool& out) {
    const json* value = find(key);
    if (!value) return;
    if (!value->is_boolean()) return wrong_type(key, "true or false", *value);
    out = value->get<bool>();
  }
  void one(std::string_view key, attn::Numbers& out) {
    const char* wanted = "a whole number, a list of them, or null";
    const json* value = find(key);
    if (!value) return;
    int number = 0;
    if (!value->is_array()) {
      if (whole(key, *value, wanted, number)) out.add(number);
      return;
    }
    if (value->empty()) return wrong_type(key, wanted, *value);
    if (value->size() > 4) {
      return wrong(fmt::format("`{}` has at most 4 numbers, not {}", key, value->size()));
    }
    for (const json& element : *value) {
      if (!whole(key, element, wanted, number)) return;
      out.add(number);
    }
  }
  template <class Rule>  // FullyMasked or an optional one; null leaves the layer's default
  requires std::is_assignable_v<Rule&, attn::FullyMasked>
  void one(std::string_view key, Rule& out) {
    const json* value = find(key);
    if (!value) return;
    if (*value == "uniform") {
      out = attn::FullyMasked::uniform;
    } else if (*value == "zero") {
      out = attn::FullyMasked::zero;
    } else {
      wrong_type(key, "\"uniform\", \"zero\" or null", *value);
    }
  }
  void one(std::string_view key, attn::Mask& out) {
    const json* value = find(key);
    if (!value) return;
    for (const auto& [name, mask] : masks) {
      if (*value == name) return void(out = mask);
    }
    wrong_type(key,
               "\"causal\", \"causal_from_the_end\" or null (others can only be written in C++)",
               *value);
  }

  /// Understood, and not compiled yet.
  template <class Layer>
  void not_yet() {
    auto find = [this](std::string_view key) {
      return known<Layer>(key) ? this->find(key) : nullptr;
    };
    if (const json* axes = find("attention_axes");
        axes && *axes != 1 && *axes != json::array({1})) {
      bool numbers = axes->is_number_integer() || (axes->is_array() && !axes->empty());
      if (axes->is_array()) {
        for (const json& a : *axes) numbers = numbers && a.is_number_integer();
      }
      if (numbers)
        not_supported("attention_axes", *axes, "axis 1 of inputs with three axes");
      else
        wrong_type("attention_axes", "a whole number, a list of them, or null", *axes);
    }
    if (const json* window = find("sliding_window")) {
      if (window->is_number_integer())
        not_supported("sliding_window", *window, "null");
      else
        wrong_type("sliding_window", "a whole number or null", *window);
    }
    if (const json* gate = find("use_gate"); gate && *gate != false) {
      if (gate->is_boolean())
        not_supported("use_gate", *gate, "false");
      else
        wrong_type("use_gate", "true or false", *gate);
    }
  }

  /// null, "float32", or {"class_name": "DTypePolicy", "config": {"name": "float32"}}.
  void dtype() {
    const json* value = find("dtype");
    if (!value) return;
    const json* name = value;
    if (value->is_object()) {
      const auto config = value->find("config");
      if (config == value->end() || !config->is_object() || !config->contains("name")) {
        return wrong_type("dtype", "a name or a DTypePolicy", *value);
      }
      name = &(*config)["name"];
    }
    if (!name->is_string()) return wrong_type("dtype", "a name or a DTypePolicy", *value);
    if (*name != "float32") not_supported("dtype", *name, "\"float32\"");
  }

  const json& config_;
  const std::string& file_;
  Status status_;
};

/// "MultiHeadAttention" of "keras.layers>MultiHeadAttention": how registered classes are written.
std::string plain_class(std::string name) {
  const size_t cut = name.find_last_of(">.");
  return cut == name.npos ? name : name.substr(cut + 1);
}

/// Which layer a configuration without a class name is of: every class has keys that no other has.
std::string guess_class(const json& config) {
  if (config.contains("reuse_attention")) return "ReuseMultiHeadAttention";
  if (config.contains("num_query_heads") || config.contains("head_dim"))
    return "GroupedQueryAttention";
  if (config.contains("use_scale") || config.contains("score_mode")) return "Attention";
  if (config.contains("num_heads") || config.contains("key_dim")) return "MultiHeadAttention";
  return "";
}

template <class Layer>
Result<JsonLayer> read_as(const json& config, const std::string& file) {
  Layer layer;
  if (Status s = Reader(config, file).read(layer); !s.ok()) return s;
  JsonLayer out;
  if (const auto at = config.find("name"); at != config.end() && at->is_string()) out.name = *at;
  out.description = attn::try_layer(layer);
  if (const attn::Error& error = out.description.error()) {
    return Status(StatusCode::invalid_argument, file + ": " + error.text());
  }
  out.config = layer;
  return out;
}

}  // namespace

Result<json> parse_json(const std::string& text, const std::string& file) {
  if (text.size() > max_bytes) {
    return Status(StatusCode::invalid_file,
                  fmt::format("{}: {} bytes are too many for a description of a layer (at most {})",
                              file, text.size(), max_bytes));
  }
  // Deep nesting would cost the stack of whoever prints or compares it.
  struct TooDeep {};
  const auto shallow = [](int depth, json::parse_event_t, json&) {
    if (depth > max_depth) throw TooDeep{};
    return true;
  };
  try {
    return json::parse(text, shallow);
  } catch (const TooDeep&) {
    return Status(StatusCode::invalid_file,
                  fmt::format("{}: nested more than {} deep", file, max_depth));
  } catch (const json::exception& e) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ...": what stands behind
    // the bracket.
    std::string_view why = e.what();
    if (const size_t bracket = why.find("] "); bracket != why.npos) why.remove_prefix(bracket + 2);
    return Status(StatusCode::invalid_file, fmt::format("{} is not JSON: {}", file, why));
  }
}

Result<JsonLayer> layer_from_json(const std::string& text, const std::string& file) {
  auto document = parse_json(text, file);
  if (!document.ok()) return document.status();
  return layer_from_json(*document, file);
}

Result<JsonLayer> layer_from_json(const json& document, const std::string& file) {
  if (!document.is_object()) {
    return Status(
        StatusCode::invalid_file,
        fmt::format("{}: a layer's configuration is an object, not {}", file, shown(document)));
  }
  const json* config = &document;
  std::string name;
  if (document.contains("config")) {
    config = &document["config"];
    if (!config->is_object()) {
      return Status(StatusCode::invalid_file,
                    fmt::format("{}: `config` is an object, not {}", file, shown(*config)));
    }
    for (const char* key : {"class_name", "layer"}) {
      const auto at = document.find(key);
      if (name.empty() && at != document.end() && at->is_string())
        name = plain_class(at->get<std::string>());
    }
  }
  if (name.empty()) name = guess_class(*config);
  if (name.empty()) {
    return Status(
        StatusCode::invalid_file,
        fmt::format("{}: no layer's configuration: neither a `class_name` nor the key `num_heads` "
                    "or `num_query_heads` is there",
                    file));
  }
  if (name == "MultiHeadAttention") return read_as<attn::MultiHeadAttention>(*config, file);
  // Keras exports the class GroupedQueryAttention as keras.layers.GroupQueryAttention.
  if (name == "GroupQueryAttention" || name == "GroupedQueryAttention") {
    return read_as<attn::GroupQueryAttention>(*config, file);
  }
  if (name == "DotProductAttention") return read_as<attn::DotProductAttention>(*config, file);
  return Status(StatusCode::unsupported, fmt::format("{}: layer {} is not supported yet; {} are",
                                                     file, shown(json(name)), supported_classes));
}

namespace {

const char* source_of(attn::FullyMasked rule) {
  return rule == attn::FullyMasked::zero ? "attn::FullyMasked::zero" : "attn::FullyMasked::uniform";
}

bool same(const attn::Formula& a, const attn::Formula& b) {
  return a.size == b.size && std::equal(a.steps.begin(), a.steps.begin() + a.size, b.steps.begin());
}

template <class Layer>
std::string source_of(const Layer& config) {
  std::string out = fmt::format("attn::{}{{", ClassOf<Layer>::name);
  const char* separator = "";
  auto put = [&](std::string_view name, const std::string& value) {
    out += fmt::format("{}.{} = {}", separator, name, value);
    separator = ", ";
  };
  attn::for_each_field(config, [&](std::string_view name, const auto& field) {
    using Field = std::remove_cvref_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, int>) {
      put(name, fmt::format("{}", field));
    } else if constexpr (std::is_same_v<Field, bool>) {
      if (!field) put(name, "false");  // use_bias, whose default is true
    } else if constexpr (std::is_same_v<Field, float>) {
      // Nine digits bring every float back; a point keeps it a floating literal.
      std::string text = fmt::format("{:.9g}", field);
      if (text.find_first_of(".e") == text.npos) text += ".0";
      if (field != 0) put(name, text + "f");
    } else if constexpr (std::is_same_v<Field, std::optional<int>>) {
      if (field) put(name, fmt::format("{}", *field));
    } else if constexpr (std::is_same_v<Field, attn::Numbers>) {
      std::string list;
      for (int n : field) list += fmt::format("{}{}", list.empty() ? "" : ", ", n);
      if (!field.empty()) put(name, "{" + list + "}");
    } else if constexpr (std::is_same_v<Field, std::optional<attn::FullyMasked>>) {
      if (field) put(name, source_of(*field));
    } else if constexpr (std::is_same_v<Field, attn::FullyMasked>) {
      if (field != Layer{}.fully_masked) put(name, source_of(field));
    } else {
      static_assert(std::is_same_v<Field, attn::Mask>, "a field of a type that JSON cannot fill");
      for (const auto& [mask, value] : masks) {
        if (same(field.formula, value.formula)) put(name, fmt::format("attn::{}", mask));
      }
    }
  });
  return out + "}";
}

}  // namespace

std::string as_source(const NamedLayer& config) {
  return std::visit([](const auto& layer) { return source_of(layer); }, config);
}

}  // namespace attnc
