#include "import/config_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "import/config_json_keys.h"

namespace attnc {
namespace {

using attn::StatusCode;
using json = nlohmann::json;

// A configuration has a few kilobytes; no fixture reaches one megabyte.
constexpr size_t max_bytes = 16 << 20;
constexpr int max_depth = 64;

/// Fills a layer's fields from its configuration and keeps the first error.
class Reader {
 public:
  Reader(const json& config, const InputShapes& shapes, const std::string& file)
      : config_(config), shapes_(shapes), file_(file) {}

  template <class Layer>
  Status read(Layer& out) {
    using Class = ClassOf<Layer>;
    attn::for_each_field(
        out, [&](std::string_view name, auto& field) { one(key_of(name, config_), field); });
    for (const char* key : Class::needed) {
      if (!config_.contains(key)) wrong(fmt::format("the key `{}` is missing", key));
    }
    for (const auto& [key, value] : config_.items()) {
      if (!known<Layer>(key)) wrong(fmt::format("{} has no key `{}`", Class::name, key));
      if (is_component(key)) {
        if (std::string mistake = component_mistake(key, value); !mistake.empty()) wrong(mistake);
      }
    }
    others();
    base_arguments(out);
    if constexpr (has_tf_keras_keys<Layer>) rule_of_tf_keras(out);
    from_shapes(out);
    return status_;
  }

 private:
  void fail(StatusCode code, const std::string& sentence) {
    if (status_.ok()) status_ = Status(code, file_ + ": " + sentence);
  }
  void wrong(const std::string& sentence) { fail(StatusCode::invalid_argument, sentence); }
  void wrong_type(std::string_view key, std::string_view wanted, const json& got) {
    wrong(fmt::format("`{}` must be {}, not {}", key, wanted, shown(got)));
  }
  /// `names` are those of the enumerators, in their order; `last`: see `choices`.
  template <class Enum, size_t n>
  bool enumerator(std::string_view key, const json& value, const std::array<const char*, n>& names,
                  std::string_view last, Enum& out) {
    for (size_t i = 0; i < n; ++i) {
      if (value == names[i]) return out = static_cast<Enum>(i), true;
    }
    wrong_type(key, choices({names.begin(), names.end()}, last), value);
    return false;
  }

  const json* find(std::string_view key) const {
    const auto at = config_.find(std::string(key));
    return at == config_.end() ? nullptr : &*at;
  }
  /// The value of a key; null where it is missing or null, which means the default, as in Keras.
  const json* find_unless_null(std::string_view key) const {
    const json* value = find(key);
    return value && value->is_null() ? nullptr : value;
  }
  template <class Layer>
  static bool known(std::string_view key) {
    const auto& keys = ClassOf<Layer>::keys;
    auto among = [&](const auto& list) {
      return std::find(list.begin(), list.end(), key) != list.end();
    };
    bool found = among(keys) || (ClassOf<Layer>::module && among(base_keys)) ||
                 (has_tf_keras_keys<Layer> && among(tf_keras_keys));
    Layer fields;
    attn::for_each_field(fields, [&](std::string_view name, auto&) { found |= name == key; });
    return found;
  }

  /// As in Python, true is 1.
  bool whole(std::string_view key, const json& value, const char* wanted, int& out) {
    constexpr auto least = std::numeric_limits<int>::min(), most = std::numeric_limits<int>::max();
    if (value.is_boolean()) return out = value.get<bool>() ? 1 : 0, true;
    const bool fits = value.is_number_unsigned()
                          ? value.get<uint64_t>() <= static_cast<uint64_t>(most)
                          : value.is_number_integer() && value.get<int64_t>() >= least;
    if (!fits) return wrong_type(key, wanted, value), false;
    out = value.get<int>();
    return true;
  }

  void one(const std::string& key, int& out) {
    if (const json* value = find(key)) whole(key, *value, "a whole number", out);
  }
  void one(const std::string& key, std::optional<int>& out) {
    int number = 0;
    if (const json* value = find_unless_null(key);
        value && whole(key, *value, "a whole number or null", number))
      out = number;
  }
  void one(const std::string& key, float& out) {
    const json* value = find(key);
    if (!value) return;
    if (!value->is_number()) return wrong_type(key, "a number", *value);
    out = value->get<float>();
  }
  void one(const std::string& key, bool& out) {
    const json* value = find(key);
    if (!value) return;
    if (!value->is_boolean()) return wrong_type(key, "true or false", *value);
    out = value->get<bool>();
  }
  void one(const std::string& key, std::optional<bool>& out) {
    const json* value = find_unless_null(key);
    if (!value) return;
    if (!value->is_boolean()) return wrong_type(key, "true, false or null", *value);
    out = value->get<bool>();
  }
  void one(const std::string& key, attn::Numbers& out) {
    const char* wanted = "a whole number, a list of them, or null";
    const json* value = find_unless_null(key);
    if (!value) return;
    // Keras treats an `output_shape` that is falsy in Python as missing.
    if (key == "output_shape" && (*value == 0 || *value == false || *value == json::array())) {
      return;
    }
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
  void one(const std::string& key, attn::ScoreMode& out) {
    if (const json* value = find(key)) enumerator(key, *value, attn::score_mode_names, "", out);
  }
  template <class Rule>  // FullyMasked or an optional one; null leaves the layer's default
  requires std::is_assignable_v<Rule&, attn::FullyMasked>
  void one(const std::string& key, Rule& out) {
    attn::FullyMasked rule{};
    const json* value = find_unless_null(key);
    if (value && enumerator(key, *value, attn::fully_masked_names, "null", rule)) out = rule;
  }
  void one(const std::string& key, attn::Mask& out) {
    const json* value = find_unless_null(key);
    if (!value) return;
    for (const auto& [name, mask] : named_masks) {
      if (*value == name) return void(out = mask);
    }
    wrong_type(key, mask_choices() + " (others can only be written in C++)", *value);
  }
  void one(const std::string& key, attn::ScoreMod&) {
    if (const json* value = find_unless_null(key))
      wrong_type(key, "null (score functions can only be written in C++)", *value);
  }
  void one(const std::string& key, attn::SinkLogit&) {
    if (const json* value = find_unless_null(key))
      wrong_type(key, "null (sinks can only be written in C++)", *value);
  }
  void one(const std::string& key, attn::Probability& out) {
    if (const json* value = find(key)) enumerator(key, *value, attn::probability_names, "", out);
  }
  void one(const std::string& key, attn::DTypePolicy& out) {
    const json* value = find(key);
    if (!value) return;
    if (Status s = read_policy(key, *value, out); !s.ok()) fail(s.code(), s.message());
  }

  /// Checks keys that no kernel reads, and the one that has two names.
  void others() {
    if (const json* name = find_unless_null("name"); name && !name->is_string()) {
      wrong_type("name", "a text or null", *name);
    }
    if (const json* trainable = find("trainable"); trainable && !trainable->is_boolean()) {
      wrong_type("trainable", "true or false", *trainable);
    }
    if (const json* seed = find_unless_null("seed");
        seed && !seed->is_number_integer() && !seed->is_object()) {
      wrong_type("seed", "a whole number or null", *seed);
    }
    for (const char* key : {"query_shape", "key_shape", "value_shape", "batch_input_shape"}) {
      if (const json* shape = find_unless_null(key); shape && shape_of(*shape).empty()) {
        wrong_type(key, "a list of whole numbers or null", *shape);
      }
    }
    const json *own = find("max_sequence_length"), *theirs = find("pe_max_seq_length");
    if (own && theirs && *own != *theirs) {
      wrong(
          fmt::format("`max_sequence_length` and `pe_max_seq_length` are one thing, and are {} "
                      "and {}",
                      shown(*own), shown(*theirs)));
    }
  }

  /// Checks arguments of every Keras layer: here they have no effect, or they are refused.
  void base_arguments(const auto& layer) {
    bool autocast = true;
    one("autocast", autocast);
    // Without autocast Keras computes in the stored types of weights and inputs.
    if (!autocast && (layer.dtype == attn::DTypePolicy::mixed_float16 ||
                      layer.dtype == attn::DTypePolicy::mixed_bfloat16)) {
      fail(StatusCode::unsupported,
           "`autocast` = false with a mixed policy is not supported: give the policy of the type "
           "that the layer computes with as `dtype`");
    }
    if (const json* weights = find_unless_null("weights")) {
      fail(StatusCode::unsupported,
           fmt::format("`weights` of a configuration are not read, and it has {}: write null, and "
                       "give them when the layer is loaded",
                       shown(*weights)));
    }
  }
  /// tf_keras adds -1e9 to masked scores. With `softmax_robust_masking` it replaces them by -1e9,
  /// so a row without any key has equal probabilities. Keras 3 has no such keys, and other rules.
  template <class Layer>
  void rule_of_tf_keras(Layer& out) {
    bool robust = false;
    one("softmax_robust_masking", robust);
    const bool theirs = std::any_of(tf_keras_keys.begin(), tf_keras_keys.end(),
                                    [&](const char* key) { return find(key); });
    if (!theirs || find("fully_masked")) return;
    if constexpr (requires { out.probability; }) {
      if (out.probability == attn::Probability::sigmoid) return;
    }
    out.fully_masked = robust ? attn::FullyMasked::uniform : attn::FullyMasked::additive;
  }

  /// A shape from the configuration, where the caller and `build_config` know none.
  std::vector<int64_t> shape(const std::vector<int64_t>& known, const char* key) const {
    const json* own = find_unless_null(key);
    return known.empty() && own ? shape_of(*own) : known;
  }
  template <class Layer>
  void from_shapes(Layer& out) {
    const std::vector<int64_t> query =
                                   shape(shape(shapes_.query, "query_shape"), "batch_input_shape"),
                               value = shape(shapes_.value, "value_shape"),
                               key = shape(shapes_.key, "key_shape");
    const int rank = static_cast<int>(query.size());
    for (const auto& [name, other] : {std::pair("value", &value), std::pair("key", &key)}) {
      if (rank > 0 && !other->empty() && other->size() != query.size()) {
        wrong(fmt::format("the query has {} axes and the {} {}", rank, name, other->size()));
      }
    }
    if constexpr (requires { out.input_rank; }) {
      if (rank > 0 && find("input_rank") && out.input_rank != rank) {
        wrong(fmt::format("`input_rank` is {}, and the query has {} axes", out.input_rank, rank));
      } else if (constexpr int least = std::is_same_v<Layer, attn::Attention> ? 2 : 3, most = 6;
                 rank > 0 && (rank < least || rank > most)) {
        wrong(fmt::format("{} takes inputs with {} to {} axes, and the query has {}",
                          ClassOf<Layer>::name, least, most, rank));
      } else if (rank > 0 && needs_rank(out, rank)) {
        out.input_rank = rank;
      }
    } else if constexpr (!std::is_same_v<Layer, attn::DotProductAttention>) {
      if (rank > 0 && rank != 3) {
        wrong(fmt::format("{} takes inputs with three axes, and the query has {}",
                          ClassOf<Layer>::name, rank));
      }
    }
    if constexpr (std::is_same_v<Layer, attn::Attention>) sizes(out, query, value, key);
  }
  /// Whether `input_rank` has to be set: where inputs have other than 3 axes, or where an attention
  /// axis counts from the end or does not exist. Else it keeps its default, so that the layer is
  /// the same whether its shapes are known or not.
  template <class Layer>
  static bool needs_rank(const Layer& layer, int rank) {
    if constexpr (requires { layer.attention_axes; }) {
      for (int axis : layer.attention_axes) {
        if (axis < 0 || axis > rank - 2) return true;
      }
    }
    return rank != 3;
  }
  void sizes(attn::Attention& out, const std::vector<int64_t>& query,
             const std::vector<int64_t>& value, const std::vector<int64_t>& key) {
    auto known = [](const std::vector<int64_t>& shape) {
      return !shape.empty() && shape.back() >= 0;
    };
    if (!find("size")) {
      if (!known(query)) {
        return wrong(
            "the key `size` is missing: Keras reads the features of query and key from its first "
            "call, and kernels are made for them. Add \"size\" (\"value_size\" where value has "
            "others, \"input_rank\" where inputs have other than 3 axes), or the `build_config` of "
            "keras.layers.serialize");
      }
      out.size = static_cast<int>(std::min<int64_t>(query.back(), 1 << 30));
    }
    if (known(value) && !find("value_size") && value.back() != out.size) {
      out.value_size = static_cast<int>(std::min<int64_t>(value.back(), 1 << 30));
    }
    const std::pair<const char*, const std::vector<int64_t>*> asked[] = {{"query", &query},
                                                                         {"key", &key}};
    for (const auto& [name, shape] : asked) {
      if (known(*shape) && shape->back() != out.size) {
        wrong(fmt::format("query and key have {} features, and the {} has {}", out.size, name,
                          shape->back()));
      }
    }
    if (known(value) && value.back() != out.value_size.value_or(out.size)) {
      wrong(fmt::format("`value_size` is {}, and the value has {} features",
                        out.value_size.value_or(out.size), value.back()));
    }
  }

  const json& config_;
  const InputShapes& shapes_;
  const std::string& file_;
  Status status_;
};

/// The class of a configuration without a class name. Every class has keys that no other has,
/// except that CachedMultiHeadAttention has the keys of MultiHeadAttention.
std::string guess_class(const json& config) {
  if (config.contains("reuse_attention")) return "ReuseMultiHeadAttention";
  if (config.contains("num_query_heads") || config.contains("head_dim"))
    return "GroupedQueryAttention";
  if (config.contains("use_scale") || config.contains("score_mode")) return "Attention";
  if (config.contains("num_heads") || config.contains("key_dim")) return "MultiHeadAttention";
  return "";
}

struct Source {
  const json& document;
  const json& config;
  bool wrapped, fixture;
  const InputShapes& shapes;
  const std::string& file;
};

template <class Layer>
Result<JsonLayer> read_as(const Source& from) {
  Layer layer;
  const json plain = plain_lists(from.config);
  if (Status s = Reader(plain, from.shapes, from.file).read(layer); !s.ok()) return s;
  JsonLayer out;
  if (const auto at = from.config.find("name"); at != from.config.end() && at->is_string())
    out.name = *at;
  out.description = attn::try_layer(layer);
  if (const attn::Error& error = out.description.error()) {
    return Status(StatusCode::invalid_argument, from.file + ": " + error.text());
  }
  out.config = layer;
  out.origin = std::make_shared<JsonOrigin>(
      JsonOrigin{from.fixture ? from.config : from.document, from.wrapped && !from.fixture, layer});
  return out;
}

}  // namespace

Result<json> parse_json(const std::string& text, const std::string& file) {
  if (text.size() > max_bytes) {
    return Status(StatusCode::invalid_file,
                  fmt::format("{}: {} bytes are too many for a description of a layer (at most {})",
                              file, text.size(), max_bytes));
  }
  // Printing and comparing documents recurses: deep nesting would overflow the stack.
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
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ...": show what follows
    // the bracket.
    std::string_view why = e.what();
    if (const size_t bracket = why.find("] "); bracket != why.npos) why.remove_prefix(bracket + 2);
    return Status(StatusCode::invalid_file, fmt::format("{} is not JSON: {}", file, why));
  }
}

Result<JsonLayer> layer_from_json(const std::string& text, const std::string& file,
                                  const InputShapes& shapes) {
  auto document = parse_json(text, file);
  if (!document.ok()) return document.status();
  return layer_from_json(*document, file, shapes);
}

Result<JsonLayer> layer_from_json(const json& document, const std::string& file,
                                  const InputShapes& shapes) {
  if (!document.is_object()) {
    return Status(
        StatusCode::invalid_file,
        fmt::format("{}: a layer's configuration is an object, not {}", file, shown(document)));
  }
  const bool wrapped = document.contains("config");
  const json& config = wrapped ? document["config"] : document;
  bool fixture = false;
  std::string name;
  if (wrapped) {
    for (const char* key : {"class_name", "layer"}) {
      const auto at = document.find(key);
      if (!name.empty() || at == document.end() || !at->is_string()) continue;
      name = plain_class(at->get<std::string>());
      fixture = key == std::string_view("layer");
    }
  }
  if (name.empty()) name = guess_class(config);
  if (std::string sentence = refused_class(document, name); !sentence.empty()) {
    return Status(StatusCode::unsupported, file + ": " + sentence);
  }
  if (!config.is_object()) {
    return Status(StatusCode::invalid_file,
                  fmt::format("{}: `config` is an object, not {}", file, shown(config)));
  }
  if (name.empty()) {
    return Status(
        StatusCode::invalid_file,
        fmt::format("{}: no layer's configuration: neither a `class_name` nor the key `num_heads`, "
                    "`num_query_heads` or `score_mode` is there",
                    file));
  }
  InputShapes known = shapes_of_build(document);
  if (!shapes.query.empty()) known.query = shapes.query;
  if (!shapes.value.empty()) known.value = shapes.value;
  if (!shapes.key.empty()) known.key = shapes.key;
  const Source from{document, config, wrapped, fixture, known, file};
  if (name == "MultiHeadAttention") return read_as<attn::MultiHeadAttention>(from);
  // Keras exports the class GroupedQueryAttention as keras.layers.GroupQueryAttention.
  if (name == "GroupQueryAttention" || name == "GroupedQueryAttention") {
    return read_as<attn::GroupQueryAttention>(from);
  }
  if (name == "CachedMultiHeadAttention") return read_as<attn::CachedMultiHeadAttention>(from);
  if (name == "ReuseMultiHeadAttention") return read_as<attn::ReuseMultiHeadAttention>(from);
  if (name == "Attention") return read_as<attn::Attention>(from);
  return read_as<attn::DotProductAttention>(from);
}

}  // namespace attnc
