// memory_test.cpp - the memory of a call beside its tensors: without scores as an output, no
// layer's workspace grows with queries times keys, at 16 k keys and more.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>

#include "attn/runtime/any_layer.h"
#include "layers/five/bindings.h"

namespace attn_test {
namespace {

using attn::Kind;

/// Views of memory that nobody touches: the system provides pages on demand, so it costs nothing.
class Memory {
 public:
  std::byte* of(size_t bytes) {
    held_.emplace_back(static_cast<std::byte*>(std::calloc(1, bytes + 64)));
    return held_.back().get();
  }

 private:
  struct Free {
    void operator()(std::byte* p) const { std::free(p); }
  };
  std::vector<std::unique_ptr<std::byte, Free>> held_;
};

class Call {
 public:
  Call(const Subject& subject, int64_t queries, int64_t keys) : g_(subject.description->graph) {
    lengths_[Kind::batch] = 1, lengths_[Kind::query] = queries;
    lengths_[Kind::key] = lengths_[Kind::update] = keys;
    for (const attn::Node& n : g_.nodes) cached_ = cached_ || n.op == attn::Op::splice;
    if (cached_) lengths_[Kind::update] = queries;
    table_ = subject.table;
  }
  size_t workspace() {
    std::vector<attn::NamedTensor> weights, inputs;
    std::vector<attn::NamedMutableTensor> outputs;
    for (int i = 0; i < table_->weight_count; ++i) {
      const auto& info = table_->weights[i];
      weights.push_back(
          {info.name, view(g_.weights[i].axes, static_cast<attn::DType>(info.dtype))});
    }
    auto layer = attn::AnyLayer::load(*table_, std::span<const attn::NamedTensor>(weights),
                                      {.target = "baseline"});
    EXPECT_TRUE(layer.ok()) << layer.status().message();
    if (!layer.ok()) return 0;
    for (const attn::Node& n : g_.nodes) {
      if (n.op != attn::Op::input || n.flag || n.operand[0] >= 0) continue;
      if (n.soft || n.type == attn::Type::truth) continue;
      const bool index = n.type == attn::Type::index;
      inputs.push_back({n.name.view(), view(n.axes, index ? attn::DType::int32 : type_of(n))});
    }
    for (int i = 0; i < table_->output_count; ++i) {
      const auto& info = table_->outputs[i];
      if (info.optional) continue;
      outputs.push_back({info.name, view(g_.nodes[g_.outputs[i].value].axes,
                                         static_cast<attn::DType>(info.dtype))});
    }
    auto bytes = layer->workspace_bytes(std::span<const attn::NamedTensor>(inputs),
                                        std::span<const attn::NamedMutableTensor>(outputs), 2);
    EXPECT_TRUE(bytes.ok()) << bytes.status().message();
    return bytes.ok() ? *bytes : 0;
  }

 private:
  const attn::Graph& g_;
  const attn_layer_table* table_ = nullptr;
  std::map<Kind, int64_t> lengths_;
  bool cached_ = false;
  Memory memory_;

  attn::DType type_of(const attn::Node& n) const {
    for (int i = 0; i < table_->input_count; ++i) {
      if (n.name.view() == table_->inputs[i].name)
        return static_cast<attn::DType>(table_->inputs[i].dtype);
    }
    return attn::DType::float32;
  }
  attn::MutableTensor view(const attn::Axes& axes, attn::DType type) {
    std::vector<int64_t> shape;
    int64_t elements = 1;
    for (const attn::Axis& a : axes) {
      // Further axes of a kind have length 1; the first one has the whole length.
      shape.push_back(a.extent > 0              ? a.extent
                      : a.kind == Kind::feature ? 8
                      : a.number > 0            ? 1
                      : a.kind == Kind::head    ? 5  // as many as the call brings
                                                : lengths_.at(a.kind));
      elements *= shape.back();
    }
    return {memory_.of(static_cast<size_t>(elements) * attn::size_of(type)), type, shape};
  }
};

class FiveLayersMemory : public testing::TestWithParam<size_t> {};

TEST_P(FiveLayersMemory, DoesNotGrowWithQueriesTimesKeys) {
  const Subject& subject = subjects()[GetParam()];
  constexpr int64_t queries = 1024, keys = 16384;
  const auto bytes = [&](int64_t q, int64_t k) {
    return static_cast<int64_t>(Call(subject, q, k).workspace());
  };
  const int64_t all = bytes(2 * queries, 2 * keys), fewer_queries = bytes(queries, 2 * keys),
                fewer_keys = bytes(2 * queries, keys), least = bytes(queries, keys);
  RecordProperty("bytes_at_1024_x_16384", std::to_string(least));
  // The mixed term: what a buffer of queries * keys numbers would leave. Alignment and the number
  // of tasks leave less than a page or two.
  const int64_t product = all - fewer_queries - fewer_keys + least;
  EXPECT_LT(std::abs(product), int64_t{1} << 16)
      << subject.name << ": " << least << " bytes at 1024 x 16384, " << all << " at 2048 x 32768";
}

INSTANTIATE_TEST_SUITE_P(Workspace, FiveLayersMemory, testing::Range(size_t{0}, subjects().size()),
                         [](const auto& info) {
                           std::string name = subjects()[info.param].name;
                           return name.substr(name.rfind(':') + 1);
                         });

}  // namespace
}  // namespace attn_test
