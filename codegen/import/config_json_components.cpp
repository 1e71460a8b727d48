// The initialisers, regularisers and constraints of Keras. No kernel uses them, but a configuration
// that names an unknown one is an error.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "import/config_json_keys.h"

namespace attnc {
namespace {

using json = nlohmann::json;

struct Component {
  const char* class_name;
  std::vector<std::string_view> keys;
  std::vector<std::string_view> aliases = {};
};

const std::vector<Component>& components(std::string_view kind) {
  static const std::vector<Component> initializers = {
      {"Zeros", {}, {"zero"}},
      {"Ones", {}, {"one"}},
      {"Constant", {"value"}},
      {"RandomNormal", {"seed", "mean", "stddev"}, {"normal"}},
      {"RandomUniform", {"seed", "minval", "maxval"}, {"uniform"}},
      {"TruncatedNormal", {"seed", "mean", "stddev"}},
      {"GlorotUniform", {"seed", "input_axes", "output_axes"}},
      {"GlorotNormal", {"seed", "input_axes", "output_axes"}},
      {"HeNormal", {"seed", "input_axes", "output_axes"}},
      {"HeUniform", {"seed", "input_axes", "output_axes"}},
      {"LecunNormal", {"seed", "input_axes", "output_axes"}},
      {"LecunUniform", {"seed", "input_axes", "output_axes"}},
      {"VarianceScaling", {"seed", "scale", "mode", "distribution", "input_axes", "output_axes"}},
      {"Orthogonal", {"seed", "gain"}, {"OrthogonalInitializer"}},
      {"Identity", {"gain"}, {"IdentityInitializer"}},
      {"STFT", {"side", "window", "scaling", "periodic"}, {"STFTInitializer"}},
  };
  static const std::vector<Component> regularizers = {
      {"L1", {"l1"}},
      {"L2", {"l2"}},
      {"L1L2", {"l1", "l2"}, {"l1_l2"}},
      {"OrthogonalRegularizer", {"factor", "mode"}},
  };
  static const std::vector<Component> constraints = {
      {"MaxNorm", {"max_value", "axis"}},
      {"NonNeg", {}},
      {"UnitNorm", {"axis"}},
      {"MinMaxNorm", {"min_value", "max_value", "rate", "axis"}},
  };
  return kind == "initializer" ? initializers : kind == "regularizer" ? regularizers : constraints;
}

/// "GlorotUniform" as "glorot_uniform".
std::string snake_case(std::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool upper = std::isupper(static_cast<unsigned char>(name[i])) != 0;
    const bool before = i > 0 && std::islower(static_cast<unsigned char>(name[i - 1])) != 0;
    if (upper && before) out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return out;
}

const Component* component(std::string_view kind, std::string_view name) {
  for (const Component& c : components(kind)) {
    const bool alias = std::find(c.aliases.begin(), c.aliases.end(), name) != c.aliases.end();
    if (name == c.class_name || name == snake_case(c.class_name) || alias) return &c;
  }
  return nullptr;
}

}  // namespace

std::string component_mistake(std::string_view key, const json& value) {
  const std::string_view kind = key.substr(key.rfind('_') + 1);
  auto not_one = [&](const json& what) {
    std::string text = what.is_string() ? what.get<std::string>()
                                        : what.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > 60) text = text.substr(0, 57) + "...";
    return fmt::format("`{}`: could not interpret {} identifier: {}", key, kind, text);
  };
  if (value.is_null()) return "";
  if (value.is_string()) return component(kind, value.get<std::string>()) ? "" : not_one(value);
  if (!value.is_object()) return not_one(value);
  const auto name = value.find("class_name");
  if (name == value.end() || !name->is_string()) return not_one(value);
  const Component* known = component(kind, name->get<std::string>());
  if (!known) return not_one(*name);
  for (const auto& [member, unused] : value.items()) {
    if (member != "module" && member != "class_name" && member != "config" &&
        member != "registered_name" && member != "build_config" && member != "shared_object_id") {
      return fmt::format("`{}`: the {} {} has no key `{}`", key, kind, known->class_name, member);
    }
  }
  const auto config = value.find("config");
  if (config == value.end()) return "";
  if (!config->is_object()) return not_one(value);
  for (const auto& [member, unused] : config->items()) {
    if (std::find(known->keys.begin(), known->keys.end(), member) == known->keys.end()) {
      return fmt::format("`{}`: {} has no key `{}`", key, known->class_name, member);
    }
  }
  return "";
}

}  // namespace attnc
