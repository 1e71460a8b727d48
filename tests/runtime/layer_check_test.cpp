// Every error that a call can return.
#include <gtest/gtest.h>

#include "fake_layer.h"

namespace {

using attn::MutableTensor;
using attn::NamedMutableTensor;
using attn::NamedTensor;
using attn::StatusCode;
using attn::Tensor;
using fake::Call;

class LayerCheck : public ::testing::Test {
 protected:
  Call call;
  attn::AnyLayer layer = call.load();
  std::vector<float> big = std::vector<float>(4096, 1.0f);

  /// A call with valid query, value and output, except those that `in` and `out` replace.
  std::string message(std::vector<NamedTensor> in, std::vector<NamedMutableTensor> out = {},
                      StatusCode code = StatusCode::invalid_argument) {
    auto has = [](const auto& list, std::string_view name) {
      for (const auto& one : list) {
        if (one.name == name) return true;
      }
      return false;
    };
    if (!has(in, "query")) in.push_back({"query", call.q()});
    if (!has(in, "value")) in.push_back({"value", call.v()});
    if (out.empty()) out.push_back({"output", call.o()});
    attn::Workspace scratch;
    const int before = fake::kernel_runs();
    const attn::Status s = layer.run(std::span<const NamedTensor>(in),
                                     std::span<const NamedMutableTensor>(out), scratch);
    EXPECT_EQ(s.code(), code);
    EXPECT_EQ(fake::kernel_runs(), before);
    const std::string start = "layer `model::fake`: ";
    EXPECT_EQ(s.message().substr(0, start.size()), start);
    return s.ok() ? "ok" : s.message().substr(start.size());
  }
};

TEST_F(LayerCheck, Names) {
  EXPECT_EQ(message({{"querry", call.q()}}, {}, StatusCode::not_found),
            "there is no input `querry`, only `query`, `value`, `key`, `attention_mask`, "
            "`use_causal_mask`");
  EXPECT_EQ(message({}, {{"outputs", call.o()}}, StatusCode::not_found),
            "there is no output `outputs`, only `output`, `attention_scores`");
  EXPECT_EQ(message({{"query", call.q()}, {"query", call.q()}}), "input `query` is given twice");
  EXPECT_EQ(message({}, {{"output", call.o()}, {"output", call.o()}}),
            "output `output` is given twice");
}

TEST_F(LayerCheck, Missing) {
  EXPECT_EQ(message({{"value", Tensor()}}), "input `value` is missing");
  EXPECT_EQ(message({}, {{"attention_scores", call.s()}}), "output `output` is missing");
  const Tensor in[6] = {call.q(), call.v()};
  const MutableTensor out[3] = {call.o()};
  attn::Workspace scratch;
  EXPECT_EQ(layer.run(in, std::span(out, 1), scratch).message(),
            "layer `model::fake`: got 6 inputs, expected at most 5");
  EXPECT_EQ(layer.run(std::span(in, 5), out, scratch).message(),
            "layer `model::fake`: got 3 outputs, expected at most 2");
}

TEST_F(LayerCheck, Paths) {
  layer = call.load({.target = "greedy"});
  EXPECT_EQ(
      message({}, {{"output", call.o()}, {"attention_scores", call.s()}}, StatusCode::unsupported),
      "there is no path that makes `output` and `attention_scores`; its paths make: `output`");
}

TEST_F(LayerCheck, RankAndType) {
  EXPECT_EQ(message({{"query", {big, {4, 8}}}}),
            "input `query` has 2 axes, expected 3: [batch, query, feature]; got float32 [4, 8]");
  EXPECT_EQ(message({{"query", {big, {8}}}}),
            "input `query` has 1 axis, expected 3: [batch, query, feature]; got float32 [8]");
  EXPECT_EQ(
      message({{"query", {big.data(), {1, 1, 1, 1, 1, 1, 1, 1, 1}}}}),
      "input `query` has 9 axes, expected 3: [batch, query, feature]; got float32 [1, 1, 1, 1, "
      "1, 1, 1, 1, ...]");
  EXPECT_EQ(message({{"query", {big.data(), attn::DType::float16, {2, 4, 8}}}}),
            "input `query` has type float16, expected float32; got float16 [2, 4, 8]");
  std::vector<double> d(64);
  EXPECT_EQ(message({}, {{"output", {d, {2, 4, 8}}}}),
            "output `output` has type float64, expected float32; got float64 [2, 4, 8]");
}

TEST_F(LayerCheck, Lengths) {
  EXPECT_EQ(
      message({{"query", {big, {2, 4, 9}}}}),
      "input `query` has length 9 on axis 2 (feature), expected 8 as in weight `query/kernel`; "
      "got float32 [2, 4, 9]");
  EXPECT_EQ(
      message({{"value", {big, {3, 6, 7}}}}),
      "input `value` has length 3 on axis 0 (batch), expected 2 as in input `query`; got float32 "
      "[3, 6, 7]");
  EXPECT_EQ(
      message({{"key", {big, {2, 5, 7}}}}),
      "input `key` has length 5 on axis 1 (key), expected 6 as in input `value`; got float32 [2, "
      "5, 7]");
  EXPECT_EQ(message({}, {{"output", {big, {2, 5, 8}}}}),
            "output `output` has length 5 on axis 1 (query), expected 4 as in input `query`; got "
            "float32 [2, 5, 8]");
  EXPECT_EQ(
      message({}, {{"output", call.o()}, {"attention_scores", {big, {2, 4, 4, 6}}}}),
      "output `attention_scores` has length 4 on axis 1 (head), expected 3, which the layer was "
      "built for; got float32 [2, 4, 4, 6]");
  EXPECT_EQ(message({{"query", {big.data(), {2, -4, 8}}}}),
            "input `query` has a negative length on axis 1 (query); got float32 [2, -4, 8]");
  EXPECT_EQ(message({{"query", {big.data(), {2, 4, 8}, {8, 1}}}}),
            "input `query` has 2 strides for 3 axes; got float32 [2, 4, 8] strides [8, 1]");
}

TEST_F(LayerCheck, StandIns) {
  EXPECT_EQ(message({{"value", {big, {2, 6, 9}}}}),
            "input `key` was left out, so `value` stands in: input `key` has length 9 on axis 2 "
            "(feature), expected 7 as in weight `key/kernel`; got float32 [2, 6, 9]");
}

TEST_F(LayerCheck, Memory) {
  const float* null = nullptr;
  EXPECT_EQ(message({{"query", {null, {2, 4, 8}}}}),
            "input `query` has no memory: its pointer is null; got float32 [2, 4, 8]");
  std::vector<float> small(63);
  EXPECT_EQ(message({{"query", {small, {2, 4, 8}}}}),
            "input `query` reaches element 63 of memory that holds 63; got float32 [2, 4, 8]");
  EXPECT_EQ(message({}, {{"output", {small, {2, 4, 8}}}}),
            "output `output` reaches element 63 of memory that holds 63; got float32 [2, 4, 8]");
  EXPECT_EQ(message({{"query", {big.data(), {2, 4, 8}, {INT64_MAX, 8, 1}}}}),
            "input `query` does not fit into any memory; got float32 [2, 4, 8] strides "
            "[9223372036854775807, 8, 1]");
  EXPECT_EQ(message({{"query", {big.data(), {2, 4, 8}, {INT64_MIN, 8, 1}}}}),
            "input `query` does not fit into any memory; got float32 [2, 4, 8] strides "
            "[-9223372036854775808, 8, 1]");
  // The whole batch shares one image: little memory, and more rows than kernels can count.
  constexpr int64_t many = 1 << 30;
  EXPECT_EQ(message({{"query", {big.data(), {many, 4, 8}, {0, 8, 1}}},
                     {"value", {big.data(), {many, 6, 7}, {0, 7, 1}}}},
                    {{"output", {big.data() + 1, {many, 4, 8}}}}),
            "input `query` has more than 2^31 - 2^16 rows: call the layer for a part of the batch; "
            "got float32 [1073741824, 4, 8] strides [0, 8, 1]");
  Call wide({.batch = 1, .query = int64_t{1} << 31, .key = 0, .query_features = 0});
  EXPECT_EQ(wide.load()
                .workspace_bytes(std::vector<NamedTensor>{{"query", wide.q()}, {"value", wide.v()}},
                                 std::vector<NamedMutableTensor>{{"output", wide.o()}}, 1)
                .status()
                .message(),
            "layer `model::fake`: input `query` has length 2147483648 on axis 1 (query), more than "
            "2^31 - 1 together with what belongs to it; got float32 [1, 2147483648, 0]");
}

TEST_F(LayerCheck, Layout) {
  const auto* odd = reinterpret_cast<const std::byte*>(big.data()) + 1;
  EXPECT_EQ(
      message({{"query", {odd, attn::DType::float32, {2, 4, 8}}}}),
      "input `query` lies at an address that is no multiple of 4 bytes; got float32 [2, 4, 8]");
  EXPECT_EQ(
      message({}, {{"output", {big.data(), {2, 4, 8}, {0, 8, 1}}}}),
      "output `output` has elements that overlap: stride 0 on axis 0 is too small; got float32 "
      "[2, 4, 8] strides [0, 8, 1]");
  EXPECT_EQ(
      message({}, {{"output", {big.data(), {2, 4, 8}, {32, 7, 1}}}}),
      "output `output` has elements that overlap: stride 7 on axis 1 is too small; got float32 "
      "[2, 4, 8] strides [32, 7, 1]");
  EXPECT_EQ(message({}, {{"output", {call.query, {2, 4, 8}}}}),
            "output `output` lies in the memory of input `query`: a layer does not work in place");
  EXPECT_EQ(
      message({}, {{"output", {big, {2, 4, 8}}}, {"attention_scores", {big, {2, 3, 4, 6}}}}),
      "output `attention_scores` lies in the memory of output `output`: a layer does not work in "
      "place");
}

TEST_F(LayerCheck, Masks) {
  auto mask = [&](attn::Shape shape) { return message({{"attention_mask", {big.data(), shape}}}); };
  EXPECT_EQ(mask({6}),
            "input `attention_mask` has 1 axis, expected 2 to 4 of [batch, head 3, query, "
            "key]; got float32 [6]");
  EXPECT_EQ(mask({1, 1, 1, 4, 6}),
            "input `attention_mask` has 5 axes, expected 2 to 4 of [batch, head "
            "3, query, key]; got float32 [1, 1, 1, 4, 6]");
  EXPECT_EQ(mask({4, 5}),
            "input `attention_mask` has length 5 on axis 1 (key), expected 6 as in input "
            "`value`, or 1; got float32 [4, 5]");
  EXPECT_EQ(mask({3, 4, 6}),
            "input `attention_mask` has length 3 on axis 0 (batch), expected 2 as in "
            "input `query`, or 1; got float32 [3, 4, 6]");
  EXPECT_EQ(mask({2, 2, 4, 6}),
            "input `attention_mask` has length 2 on axis 1 (head), expected 3, "
            "which the layer was built for, or 1; got float32 [2, 2, 4, 6]");
  EXPECT_EQ(message({{"use_causal_mask", {big, {1}}}}),
            "input `use_causal_mask` has 1 axis, expected 0 of []; got float32 [1]");
  EXPECT_EQ(message({{"attention_mask", {static_cast<const bool*>(nullptr), {4, 6}}}}),
            "input `attention_mask` has no memory: its pointer is null; got bool [4, 6]");
  EXPECT_EQ(message({{"attention_mask", {big.data(), static_cast<attn::DType>(77), {4, 6}}}}),
            "input `attention_mask` has an unknown type; got unknown [4, 6]");
}

}  // namespace
