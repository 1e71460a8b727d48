#include "tools/report/read_json.h"

#include <fmt/format.h>

#include "import/printable.h"

namespace attnc::report {
namespace {

/// A value as an error shows it. Lists and objects are not printed: they may be nested deeply.
std::string shown(const Json& value) {
  if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  return value.dump();
}

}  // namespace

bool can_be_measured(double value) { return value >= least_measured && value <= most_measured; }

Members::Members(const Json& object, const std::string& where) : object_(object), where_(where) {
  if (!object.is_object()) wrong("expected an object, got " + shown(object));
}

void Members::wrong(const std::string& why) {
  if (status_.ok()) status_ = Status(attn::StatusCode::invalid_file, where_ + ": " + why);
}

bool Members::has(const char* name) const {
  return object_.is_object() && object_.contains(name) && !object_[name].is_null();
}

const Json* Members::find(const char* name) {
  if (!status_.ok()) return nullptr;
  const auto at = object_.find(name);
  if (at != object_.end()) return &*at;
  wrong(fmt::format("`{}` is missing", name));
  return nullptr;
}

std::string Members::text(const char* name) {
  const Json* value = find(name);
  if (!value) return "";
  if (value->is_string()) return value->get<std::string>();
  wrong(fmt::format("`{}`: expected a text, got {}", name, shown(*value)));
  return "";
}

double Members::measured(const std::string& name, const Json& value, bool from_zero) {
  const double number = value.is_number() ? value.get<double>() : -1;
  if (can_be_measured(number) || (from_zero && number == 0)) return number;
  wrong(fmt::format("{}: expected a number from {:g} to {:g}{}, got {}", in_quotes(name),
                    least_measured, most_measured, from_zero ? " or 0" : "", shown(value)));
  return 0;
}

double Members::number(const char* name) {
  const Json* value = find(name);
  return value ? measured(name, *value, false) : 0;
}

double Members::number_or_zero(const char* name) { return has(name) ? number(name) : 0; }

double Members::number_from_zero(const char* name) {
  const Json* value = find(name);
  return value ? measured(name, *value, true) : 0;
}

std::vector<std::pair<std::string, double>> Members::numbers_if_any(const char* name) {
  std::vector<std::pair<std::string, double>> out;
  if (!has(name)) return out;
  const Json& numbers = object_[name];
  if (!numbers.is_object()) {
    wrong(fmt::format("`{}`: expected an object, got {}", name, shown(numbers)));
    return out;
  }
  for (const auto& [key, value] : numbers.items())
    out.emplace_back(key, measured(key, value, true));
  return out;
}

std::vector<double> Members::list(const char* name) {
  const Json* value = find(name);
  if (!value) return {};
  std::vector<double> out;
  if (value->is_array()) {
    for (const Json& one : *value) {
      const double number = one.is_number() ? one.get<double>() : 0;
      if (can_be_measured(number)) out.push_back(number);
    }
    if (out.size() == value->size()) return out;
  }
  wrong(fmt::format("`{}`: expected a list of numbers from {:g} to {:g}", name, least_measured,
                    most_measured));
  return {};
}

Result<Json> json_of(const std::string& text, const std::string& where) {
  Json value = Json::parse(text, nullptr, false);
  if (!value.is_discarded()) return value;
  return Status(
      attn::StatusCode::invalid_file,
      fmt::format("{}: expected JSON, got {}", where, text.empty() ? "nothing" : in_quotes(text)));
}

}  // namespace attnc::report
