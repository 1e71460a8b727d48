// Every error that was recorded from the originals is covered: as a configuration, as a call, or as
// an exception.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "import/config_json.h"
#include "keras_errors.h"

namespace attnc {
namespace {

using json = nlohmann::json;

constexpr const char* file = FIXTURES "/common/errors.json";

/// The arguments of the case that differ from those that all cases of its layer share.
std::vector<std::string> wrong_arguments(const json& c) {
  const json usual = {{"num_heads", {2, 3}},
                      {"key_dim", {4}},
                      {"head_dim", {4}},
                      {"num_query_heads", {4}},
                      {"num_key_value_heads", {2}}};
  std::vector<std::string> out;
  for (const auto& [key, value] : c["ctor"].items()) {
    bool same = false;
    for (const json& known : usual.value(key, json::array())) {
      same |= known.dump() == value.dump();  // 2.0 is not the same value as 2
    }
    if (!same) out.push_back(key);
  }
  return out;
}

InputShapes shapes_of(const json& c) {
  InputShapes out;
  const json shapes = c.value("call_shapes", json());
  if (!shapes.is_object()) {  // cases of Attention without shapes were recorded with these
    if (c["layer"] == "Attention") out.query = out.value = {2, 4, 6};
    return out;
  }
  for (auto [name, shape] : {std::pair("query", &out.query), std::pair("value", &out.value),
                             std::pair("key", &out.key)}) {
    if (shapes.contains(name)) *shape = shapes[name].get<std::vector<std::int64_t>>();
  }
  return out;
}

TEST(KerasErrors, EveryCaseHasItsPlace) {
  std::set<std::string> calls, exceptions, met;
  for (const auto& call : keras_errors::calls()) calls.insert(call.id);
  for (const auto& exception : keras_errors::exceptions()) exceptions.insert(exception.id);
  int configurations = 0;
  for (const json& c : keras_errors::cases(file)) {
    const std::string id = keras_errors::id(c);
    EXPECT_TRUE(met.insert(id).second) << "twice: " << id;
    auto layer = layer_from_json(json{{"class_name", c["layer"]}, {"config", c["ctor"]}}, "x.json",
                                 shapes_of(c));
    if (layer.ok()) {
      EXPECT_EQ(calls.contains(id) + exceptions.contains(id), 1u)
          << "in no list, or in both: " << id << "\n  " << c["message"];
      continue;
    }
    ++configurations;
    EXPECT_FALSE(calls.contains(id) || exceptions.contains(id)) << "a configuration: " << id;
    const std::string& sentence = layer.status().message();
    // If there are several arguments, the error has to name only one: others may be valid.
    bool named = false;
    const std::vector<std::string> arguments = wrong_arguments(c);
    for (const std::string& argument : arguments) {
      named |= sentence.find("`" + argument + "`") != std::string::npos;
    }
    EXPECT_TRUE(named || arguments.empty()) << sentence << "\nof\n  " << id;
  }
  for (const std::string& id : calls) EXPECT_TRUE(met.contains(id)) << "not recorded: " << id;
  for (const std::string& id : exceptions) EXPECT_TRUE(met.contains(id)) << "not recorded: " << id;
  EXPECT_EQ(met.size(), 106u);
  EXPECT_EQ(configurations, 69);
}

/// The wording of errors that the rule above cannot check.
TEST(KerasErrors, SentencesOfComponents) {
  for (const auto& [key, kind] : {std::pair("kernel_initializer", "initializer"),
                                  std::pair("kernel_regularizer", "regularizer"),
                                  std::pair("kernel_constraint", "constraint")}) {
    auto layer = layer_from_json(json{{"num_heads", 2}, {"key_dim", 4}, {key, "foo"}}, "x.json");
    EXPECT_EQ(layer.status().message(),
              fmt::format("x.json: `{}`: could not interpret {} identifier: foo", key, kind));
  }
}

}  // namespace
}  // namespace attnc
