// The package of a configuration's class, and the layers of a model that can be read.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "import/config_json_keys.h"

namespace attnc {
namespace {

using json = nlohmann::json;

/// A class that can be read, and the packages whose class of this name is the original.
struct Original {
  std::string_view name;
  std::array<std::string_view, 4> packages;
};
constexpr Original originals[] = {
    {"MultiHeadAttention", {"keras", "tf_keras", "tensorflow", "keras_core"}},
    // Keras exports the class GroupedQueryAttention as keras.layers.GroupQueryAttention.
    {"GroupQueryAttention", {"keras", "keras_core"}},
    {"GroupedQueryAttention", {"keras", "keras_core"}},
    {"CachedMultiHeadAttention", {"keras_hub", "keras_nlp"}},
    {"ReuseMultiHeadAttention", {"official"}},
    {"Attention", {"keras", "tf_keras", "tensorflow", "keras_core"}},
    {"DotProductAttention", {"attn"}},
};
constexpr const char* classes =
    "MultiHeadAttention, GroupQueryAttention, CachedMultiHeadAttention, ReuseMultiHeadAttention, "
    "Attention and DotProductAttention";

const Original* original_of(std::string_view name) {
  const auto at = std::find_if(std::begin(originals), std::end(originals),
                               [&](const Original& o) { return o.name == name; });
  return at == std::end(originals) ? nullptr : at;
}

std::string text_of(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

/// The packages that an object names: "keras" in the module "keras.layers", "my" in the registered
/// name "my>Layer". Keras 3 always names the package of a class that is not its own.
std::vector<std::string> packages_of(const json& object) {
  std::vector<std::string> out;
  auto add = [&](const std::string& path) {
    if (!path.empty()) out.push_back(path.substr(0, path.find('.')));
  };
  add(text_of(object, "module"));
  for (const char* key : {"class_name", "registered_name"}) {
    const std::string name = text_of(object, key);
    const size_t cut = name.find_last_of(">.");
    if (cut != name.npos) add(name.substr(0, cut));
  }
  return out;
}

bool from_others(const json& object, const Original& original) {
  for (const std::string& package : packages_of(object)) {
    if (std::find(original.packages.begin(), original.packages.end(), package) ==
        original.packages.end()) {
      return true;
    }
  }
  return false;
}

/// Whether an object names a package that has none of the originals: it is a user's own class.
bool own_class(const json& object) {
  for (const std::string& package : packages_of(object)) {
    const bool known =
        std::any_of(std::begin(originals), std::end(originals), [&](const Original& o) {
          return std::find(o.packages.begin(), o.packages.end(), package) != o.packages.end();
        });
    if (!known) return true;
  }
  return false;
}

/// A step to a member of an object, as jq writes it: .config, or ["a b"].
std::string step(const std::string& key) {
  const bool word = !key.empty() && !std::isdigit(static_cast<unsigned char>(key[0])) &&
                    std::all_of(key.begin(), key.end(),
                                [](unsigned char c) { return std::isalnum(c) || c == '_'; });
  return word ? "." + key : "[" + shown(json(key)) + "]";
}

struct Found {
  std::string name, class_name, path;
};
/// Finds every layer in a value that can be read, with its path. Documents are at most 64 deep
/// (parse_json), which bounds the recursion.
void find_layers(const json& value, const std::string& path, std::vector<Found>& out) {
  if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i)
      find_layers(value[i], fmt::format("{}[{}]", path, i), out);
  }
  if (!value.is_object()) return;
  const auto config = value.find("config");
  const std::string name = plain_class(text_of(value, "class_name"));
  const Original* original = original_of(name);
  if (original && config != value.end() && config->is_object() && !from_others(value, *original)) {
    std::string own = text_of(*config, "name");
    if (own.empty()) own = text_of(value, "name");
    out.push_back({std::move(own), name, path});
    return;
  }
  for (const auto& [key, element] : value.items()) find_layers(element, path + step(key), out);
}

/// The list of a model's layers, or null.
const json* layers_of(const json& document) {
  const auto wrapped = document.find("config");
  const json& config = wrapped == document.end() ? document : *wrapped;
  if (config.is_array()) return &config;  // Sequential, before Keras 2.3
  if (!config.is_object()) return nullptr;
  const auto layers = config.find("layers");
  return layers != config.end() && layers->is_array() ? &*layers : nullptr;
}

constexpr const char* same_as_theirs =
    "describe it in C++ (dsl/README.md), or, where it computes the same, write that class name and "
    "leave `module` and `registered_name` out";

/// Why an object of class `name` is not an original: it names another package. "" where it is an
/// original, or names no package.
std::string foreign_class(const json& document, const std::string& name) {
  const Original* original = original_of(name);
  if (original ? !from_others(document, *original) : !own_class(document)) return "";
  const std::string module = text_of(document, "module");
  std::string full = text_of(document, "registered_name");
  if (full.empty()) full = text_of(document, "class_name");
  const std::string which =
      shown(json(full)) + (module.empty() ? "" : " of the module " + shown(json(module)));
  return original
             ? fmt::format(
                   "the class {} is not the {} of {}, and what it computes is not known "
                   "here: {}",
                   which, name, original->packages[0], same_as_theirs)
             : fmt::format("the class {} is not one of {}: {}", which, classes, same_as_theirs);
}

/// The error for a model, or for a layer that contains others: it lists name, class and path of
/// each layer in it that can be read. "" where the document is neither.
std::string whole_model(const json& document) {
  const json* layers = layers_of(document);
  std::vector<Found> found;
  find_layers(document, "", found);
  if (found.empty() && !layers) return "";
  std::string type = text_of(document, "class_name");
  type = type.empty() ? "model" : shown(json(plain_class(type)));
  const std::string what = layers
                               ? fmt::format("a whole model ({}, {} layer{})", type, layers->size(),
                                             layers->size() == 1 ? "" : "s")
                               : fmt::format("a configuration of {}, which has layers in it", type);
  if (found.empty()) return fmt::format("{}, none of which is of {}", what, classes);
  constexpr size_t most = 16;
  std::string list;
  for (size_t i = 0; i < std::min(found.size(), most); ++i) {
    list += fmt::format("{}{} ({}, at {})", i ? ", " : "",
                        found[i].name.empty() ? "one without a name" : shown(json(found[i].name)),
                        found[i].class_name, found[i].path);
  }
  if (found.size() > most) list += fmt::format(" and {} more", found.size() - most);
  return fmt::format(
      "{}, and one layer is wanted: copy the object of one into a file of its own; "
      "there {} {}",
      what, found.size() == 1 ? "is" : "are", list);
}

}  // namespace

std::string plain_class(const std::string& name) {
  const size_t cut = name.find_last_of(">.");
  return cut == name.npos ? name : name.substr(cut + 1);
}

std::string refused_class(const json& document, const std::string& name) {
  if (original_of(name)) return foreign_class(document, name);
  if (std::string model = whole_model(document); !model.empty() || name.empty()) return model;
  if (std::string foreign = foreign_class(document, name); !foreign.empty()) return foreign;
  return fmt::format("layer {} is not supported; {} are", shown(json(name)), classes);
}

}  // namespace attnc
