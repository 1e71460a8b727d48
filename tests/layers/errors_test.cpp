// Calls that the originals refuse (tests/fixtures/common/errors.json): our layers refuse them too,
// and name the tensor. tests/codegen/import/errors_test.cpp covers errors in configurations.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <list>
#include <map>

#include "errors_layers/cached.attn.h"
#include "errors_layers/cached_flash.attn.h"
#include "errors_layers/cached_values.attn.h"
#include "errors_layers/concat_values.attn.h"
#include "errors_layers/dot_values.attn.h"
#include "errors_layers/grouped.attn.h"
#include "errors_layers/grouped_flash.attn.h"
#include "errors_layers/luong.attn.h"
#include "errors_layers/mha.attn.h"
#include "errors_layers/mha_flash.attn.h"
#include "errors_layers/reuse_all.attn.h"
#include "errors_layers/reuse_none.attn.h"
#include "errors_layers/reuse_one.attn.h"
#include "errors_layers/reuse_two.attn.h"
#include "keras_errors.h"

namespace {

using nlohmann::json;

const std::map<std::string, const attn_layer_table*>& tables() {
  static const std::map<std::string, const attn_layer_table*> all = {
      {"mha", &attn::Binding<errors::mha>::table()},
      {"mha_flash", &attn::Binding<errors::mha_flash>::table()},
      {"cached", &attn::Binding<errors::cached>::table()},
      {"cached_flash", &attn::Binding<errors::cached_flash>::table()},
      {"cached_values", &attn::Binding<errors::cached_values>::table()},
      {"grouped", &attn::Binding<errors::grouped>::table()},
      {"grouped_flash", &attn::Binding<errors::grouped_flash>::table()},
      {"luong", &attn::Binding<errors::luong>::table()},
      {"dot_values", &attn::Binding<errors::dot_values>::table()},
      {"concat_values", &attn::Binding<errors::concat_values>::table()},
      {"reuse_none", &attn::Binding<errors::reuse_none>::table()},
      {"reuse_one", &attn::Binding<errors::reuse_one>::table()},
      {"reuse_two", &attn::Binding<errors::reuse_two>::table()},
      {"reuse_all", &attn::Binding<errors::reuse_all>::table()},
  };
  return all;
}

constexpr int64_t features = 6;  // of every recorded input

/// A call and its memory. All numbers are zero: errors are found before any number is read.
class Call {
 public:
  explicit Call(const json& c) {
    for (const auto& [name, shape] : c["call_shapes"].items()) {
      const std::string& kept = names_.emplace_back(name);
      inputs.push_back({kept, zeros(shape.get<std::vector<int64_t>>())});
    }
    const json kwargs = c.value("call_kwargs", json::object());
    if (kwargs.contains("cache_update_index")) {
      index_ = kwargs["cache_update_index"].get<int32_t>();
      inputs.push_back({"cache_update_index", attn::Tensor(&index_, attn::Shape{})});
    }
    const auto query = c["call_shapes"]["query"].get<std::vector<int64_t>>();
    const auto value = c["call_shapes"].value("value", query);
    output("output", query);
    if (kwargs.value("return_attention_scores", false)) {
      const int64_t heads = c["ctor"].value("num_query_heads", c["ctor"].value("num_heads", 1));
      output("attention_scores", {query[0], heads, query[1], value[1]});
    }
    if (c["call_shapes"].contains("cache")) output("cache", c["call_shapes"]["cache"]);
  }
  Call(const Call&) = delete;

  std::vector<attn::NamedTensor> inputs;
  std::vector<attn::NamedMutableTensor> outputs;

 private:
  attn::Tensor zeros(const attn::Shape& shape) {
    return attn::Tensor(memory_.emplace_back(static_cast<size_t>(shape.elements())), shape);
  }
  void output(const char* name, const std::vector<int64_t>& shape) {
    auto& memory = memory_.emplace_back(static_cast<size_t>(attn::Shape(shape).elements()));
    outputs.push_back({name, attn::MutableTensor(memory, attn::Shape(shape))});
  }

  std::list<std::string> names_;
  std::list<std::vector<float>> memory_;
  int32_t index_ = 0;
};

attn::Result<attn::AnyLayer> loaded(const attn_layer_table& table,
                                    std::list<std::vector<float>>& memory) {
  std::vector<attn::NamedTensor> weights;
  for (int i = 0; i < table.weight_count; ++i) {
    const attn_tensor_info& info = table.weights[i];
    attn::Shape shape(std::vector<int64_t>(info.rank));
    for (int axis = 0; axis < info.rank; ++axis) {
      shape[axis] = info.axes[axis].extent > 0 ? info.axes[axis].extent : features;
    }
    auto& zeros = memory.emplace_back(static_cast<size_t>(shape.elements()));
    weights.push_back({info.name, attn::Tensor(zeros, shape)});
  }
  return attn::AnyLayer::load(table, std::span<const attn::NamedTensor>(weights));
}

TEST(KerasErrors, CallsAreRefusedAndNameTheTensor) {
  std::map<std::string, json> cases;
  for (const json& c : keras_errors::cases(FIXTURES "/common/errors.json")) {
    cases[keras_errors::id(c)] = c;
  }
  for (const auto& expected : keras_errors::calls()) {
    SCOPED_TRACE(expected.id);
    ASSERT_TRUE(cases.contains(expected.id));
    ASSERT_TRUE(tables().contains(expected.layer));
    std::list<std::vector<float>> memory;
    auto layer = loaded(*tables().at(expected.layer), memory);
    ASSERT_TRUE(layer.ok()) << layer.status().message();
    Call call(cases[expected.id]);
    attn::Workspace workspace;
    const attn::Status status =
        layer->run(std::span<const attn::NamedTensor>(call.inputs),
                   std::span<const attn::NamedMutableTensor>(call.outputs), workspace);
    EXPECT_FALSE(status.ok());
    for (const char* part : expected.says) {
      EXPECT_NE(status.message().find(part), std::string::npos)
          << part << " is not in\n  " << status.message();
    }
  }
}

/// A call with two queries, three keys and a float32 mask of this name.
attn::Status run_with_mask(const attn::AnyLayer& layer, const char* name, std::vector<float> mask) {
  std::vector<float> query(2 * features), value(3 * features), output(2 * features);
  const attn::Shape pairs =
      std::string_view(name) == "attention_mask" ? attn::Shape{1, 2, 3} : attn::Shape{1, 3};
  mask.resize(static_cast<size_t>(pairs.elements()), mask.back());
  const attn::NamedTensor inputs[] = {{"query", attn::Tensor(query, {1, 2, features})},
                                      {"value", attn::Tensor(value, {1, 3, features})},
                                      {name, attn::Tensor(mask, pairs)}};
  const attn::NamedMutableTensor outputs[] = {
      {"output", attn::MutableTensor(output, {1, 2, features})}};
  attn::Workspace workspace;
  return layer.run(std::span(inputs), std::span(outputs), workspace);
}

TEST(MasksToAdd, AreRefusedByEveryLayerThatReadsTruths) {
  const float least = std::numeric_limits<float>::lowest();
  for (const char* name : {"mha", "mha_flash", "cached", "grouped", "grouped_flash", "luong"}) {
    SCOPED_TRACE(name);
    std::list<std::vector<float>> memory;
    auto layer = loaded(*tables().at(name), memory);
    ASSERT_TRUE(layer.ok()) << layer.status().message();
    const bool numbers = std::string_view(name) == "luong";  // any number is allowed, as in Keras
    for (const float hidden : {-INFINITY, least, -1.f, NAN}) {
      const attn::Status status =
          run_with_mask(*layer, numbers ? "value_mask" : "attention_mask", {0, hidden});
      EXPECT_EQ(status.ok(), numbers) << hidden;
      if (!numbers) {
        EXPECT_NE(status.message().find(".score_mod"), std::string::npos) << status.message();
      }
    }
    EXPECT_TRUE(run_with_mask(*layer, numbers ? "value_mask" : "attention_mask", {0, 2.5f}).ok());
  }
}

}  // namespace
