// Values in Keras's JSON: shapes, tuples, dtype policies.
#include <fmt/format.h>

#include "import/config_json_keys.h"

namespace attnc {

using attn::StatusCode;
using json = nlohmann::json;

std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

json plain_lists(const json& value) {
  if (value.is_array()) {
    json out = json::array();
    for (const json& element : value) out.push_back(plain_lists(element));
    return out;
  }
  if (!value.is_object()) return value;
  const json name = value.value("class_name", json());
  if (const auto items = value.find("items"); items != value.end()) {
    if ((name == "__tuple__" || name == "TensorShape") && items->is_array()) {
      return plain_lists(*items);
    }
    // A shape with an unknown number of axes.
    if (name == "TensorShape" && items->is_null()) return nullptr;
  }
  json out = json::object();
  for (const auto& [key, element] : value.items()) out[key] = plain_lists(element);
  return out;
}

std::vector<int64_t> shape_of(const json& value) {
  std::vector<int64_t> out;
  if (!value.is_array()) return out;
  for (const json& n : value) {
    if (n.is_null()) {
      out.push_back(-1);
      continue;
    }
    if (!n.is_number_integer()) return {};
    // Some tools write -1 for an unknown length.
    const bool fits =
        n.is_number_unsigned() ? n.get<uint64_t>() <= uint64_t{INT64_MAX} : n.get<int64_t>() >= -1;
    if (!fits) return {};
    out.push_back(n.get<int64_t>());
  }
  return out;
}

InputShapes shapes_of_build(const json& document) {
  InputShapes out;
  const auto found = document.find("build_config");
  if (found == document.end() || !found->is_object()) return out;
  const json build = plain_lists(*found);
  if (!build.is_object()) return out;
  if (const auto shapes = build.find("shapes_dict"); shapes != build.end() && shapes->is_object()) {
    out.query = shape_of(shapes->value("query_shape", json()));
    out.value = shape_of(shapes->value("value_shape", json()));
    out.key = shape_of(shapes->value("key_shape", json()));
  } else if (const auto input = build.find("input_shape");
             input != build.end() && input->is_array() && !input->empty()) {
    if ((*input)[0].is_array()) {
      out.query = shape_of((*input)[0]);
      if (input->size() > 1) out.value = shape_of((*input)[1]);
      if (input->size() > 2) out.key = shape_of((*input)[2]);
    } else {
      out.query = shape_of(*input);
    }
  }
  return out;
}

namespace {

Status no_policy(std::string_view key, const json& value) {
  return Status(StatusCode::invalid_argument,
                fmt::format("`{}` must be a name or a DTypePolicy, not {}", key, shown(value)));
}

/// A DTypePolicyMap is read as one policy if every entry equals its default.
Status read_policy_map(std::string_view key, const json& map, attn::DTypePolicy& out) {
  const auto config = map.find("config");
  if (config == map.end() || !config->is_object()) return no_policy(key, map);
  const json by_default = config->value("default_policy", json());
  auto read = [&](const json& policy, attn::DTypePolicy& to) {
    if (policy.is_object() && policy.value("class_name", json()) == "DTypePolicyMap") {
      return no_policy(key, policy);
    }
    return read_policy(key, policy, to);
  };
  if (Status s = read(by_default, out); !s.ok()) return s;
  const json entries = config->value("policy_map", json());
  if (entries.is_null()) return {};
  if (!entries.is_object()) {
    return Status(
        StatusCode::invalid_argument,
        fmt::format("`{}`: the `policy_map` of a DTypePolicyMap must be an object, not {}", key,
                    shown(entries)));
  }
  for (const auto& [part, policy] : entries.items()) {
    attn::DTypePolicy own = out;
    if (Status s = read(policy, own); s.ok() && own == out) continue;
    return Status(
        StatusCode::unsupported,
        fmt::format("`{}` is a DTypePolicyMap with a policy of its own for {}, and kernels "
                    "are made for one policy of the whole layer: give that as `{}`",
                    key, shown(json(part)), key));
  }
  return {};
}

}  // namespace

std::string choices(const std::vector<std::string_view>& names, std::string_view last) {
  std::vector<std::string> all;
  for (std::string_view name : names) all.push_back(fmt::format("\"{}\"", name));
  if (!last.empty()) all.emplace_back(last);
  const std::string final_choice = all.back();
  all.pop_back();
  return fmt::format("{} or {}", fmt::join(all, ", "), final_choice);
}

std::string mask_choices() {
  std::vector<std::string_view> names;
  for (const auto& [name, mask] : named_masks) names.emplace_back(name);
  return choices(names, "null");
}

Status read_policy(std::string_view key, const json& value, attn::DTypePolicy& out) {
  if (value.is_null()) return {};
  const json* name = &value;
  if (value.is_object()) {
    const json class_name = value.value("class_name", json());
    const std::string type = class_name.is_string() ? class_name.get<std::string>() : "";
    if (type == "DTypePolicyMap") return read_policy_map(key, value, out);
    if (type != "DTypePolicy" && type != "FloatDTypePolicy" && type != "Policy" && !type.empty()) {
      return Status(StatusCode::unsupported,
                    fmt::format("`{}` of class {} is not supported: a DTypePolicy is", key, type));
    }
    const auto config = value.find("config");
    if (config == value.end() || !config->is_object() || !config->contains("name")) {
      return no_policy(key, value);
    }
    name = &(*config)["name"];
  }
  if (!name->is_string()) return no_policy(key, value.is_object() ? *name : value);
  std::string policies;
  for (size_t i = 0; i < attn::policy_names.size(); ++i) {
    if (*name == attn::policy_names[i]) {
      out = static_cast<attn::DTypePolicy>(i);
      return {};
    }
    policies += fmt::format("{}{}", i ? ", " : "", attn::policy_names[i]);
  }
  return Status(StatusCode::unsupported,
                fmt::format("`{}` = {} is not supported; {} are", key, shown(*name), policies));
}

}  // namespace attnc
