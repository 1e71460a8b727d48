// Tables that formulas read at indices: all axes as they are, any type, never broadcast.
#include <gtest/gtest.h>

#include <cstring>

#include "recorder.h"

namespace {

using namespace recorder;
using attn::DType;
using attn::Tensor;
using List = std::vector<int>;
using Numbers = std::vector<double>;

constexpr attn_axis O{ATTN_AXIS_OTHER, 0, -1, 0, 0}, O1{ATTN_AXIS_OTHER, 1, -1, 0, 0};

struct Read : Recorder {
  std::vector<float> x = std::vector<float>(64), y = std::vector<float>(64);
  explicit Read(std::vector<attn_axis> axes, uint8_t value = ATTN_VALUE_TABLE,
                bool optional = false) {
    input("query", {B, Q, F}).input("bias", axes, {.value = value, .optional = optional});
    // A second table, whose free axes have their own lengths.
    input("other", {O, O1}, {.value = ATTN_VALUE_TABLE, .optional = true});
    output("y", {B, Q, F}).path("path").takes("bias", ATTN_FORM_TABLE);
    takes("other", ATTN_FORM_TABLE).makes("y", ATTN_FORM_ROWS);
  }
  std::string run(const Tensor& bias, const Tensor& other = {}) {
    attn::Workspace scratch;
    return load()
        .run({{"query", {x, {3, 4, 2}}}, {"bias", bias}, {"other", other}}, {{"y", {y, {3, 4, 2}}}},
             scratch)
        .message();
  }
};

TEST(Lookup, KeepsItsAxesInnermostFirst) {
  Read r({B, O1, Q});
  std::vector<float> bias(3 * 5 * 4);
  for (size_t i = 0; i < bias.size(); ++i) bias[i] = static_cast<float>(i);
  ASSERT_EQ(r.run({bias, {3, 5, 4}}), "");
  EXPECT_EQ(r.seen("bias").host, bias.data());
  EXPECT_EQ(r.seen("bias").extents(), (List{4, 5, 3, 1}));
  EXPECT_EQ(r.seen("bias").strides(), (List{1, 4, 20, 60}));
  EXPECT_EQ(r.seen("bias").type(), "float32");
  // The free axes of different tables may have different lengths.
  ASSERT_EQ(r.run({bias, {3, 5, 4}}, {bias, {2, 7}}), "");
  EXPECT_EQ(r.seen("other").extents(), (List{7, 2, 1, 1}));
  // Any strides are used as they are, except that of the last axis.
  ASSERT_EQ(r.run(Tensor(bias.data(), {3, 2, 4}, {20, 8, 1})), "");
  EXPECT_EQ(r.seen("bias").host, bias.data());
  EXPECT_EQ(r.seen("bias").strides(), (List{1, 8, 20, 60}));
  ASSERT_EQ(r.run(Tensor(bias.data(), {3, 2, 4}, {20, 4, 2})), "");
  EXPECT_NE(r.seen("bias").host, bias.data());
  EXPECT_EQ(r.seen("bias").values[5], 6);
}

TEST(Lookup, OfEveryType) {
  Read r({O});
  const double f64[] = {0.5, -2, 1e30};
  ASSERT_EQ(r.run({f64, {3}}), "");
  EXPECT_EQ(r.seen("bias").type(), "float32");
  EXPECT_EQ(r.seen("bias").values, (Numbers{0.5, -2, 1e30f}));
  const int16_t i16[] = {-7, 300};
  ASSERT_EQ(r.run({i16, {2}}), "");
  EXPECT_EQ(r.seen("bias").values, (Numbers{-7, 300}));
  r.compute_dtype = ATTN_FLOAT64;
  ASSERT_EQ(r.run({f64, {3}}), "");
  EXPECT_EQ(r.seen("bias").host, f64);
  EXPECT_EQ(r.seen("bias").type(), "float64");

  Read index({O}, ATTN_VALUE_INDEX_TABLE);
  const int64_t i64[] = {int64_t{1} << 40, 3, INT64_MIN};
  ASSERT_EQ(index.run({i64, {3}}), "");
  EXPECT_EQ(index.seen("bias").type(), "int32");
  EXPECT_EQ(index.seen("bias").values, (Numbers{2147483647, 3, -2147483648.}));
  const int32_t i32[] = {1, 2};
  ASSERT_EQ(index.run({i32, {2}}), "");
  EXPECT_EQ(index.seen("bias").host, i32);

  Read truth({O}, ATTN_VALUE_TRUTH_TABLE, true);
  const float numbers[] = {0, 0.25f, -0.0f};
  ASSERT_EQ(truth.run({numbers, {3}}), "");
  EXPECT_EQ(truth.seen("bias").type(), "uint8");
  EXPECT_EQ(truth.seen("bias").values, (Numbers{0, 1, 0}));
}

TEST(Lookup, ThatIsAbsent) {
  Read truth({B, O}, ATTN_VALUE_TRUTH_TABLE, true);
  ASSERT_EQ(truth.run({}), "");
  EXPECT_EQ(truth.seen("bias").extents(), (List{1, 3, 1, 1}));
  EXPECT_EQ(truth.seen("bias").values, (Numbers{1, 1, 1}));
  Read last({B}, ATTN_VALUE_INDEX_TABLE, true);
  ASSERT_EQ(last.run({}), "");
  EXPECT_EQ(last.seen("bias").values, (Numbers{0, 0, 0}));
  Read needed({O});
  EXPECT_EQ(needed.run({}), "layer `model::recorder`: input `bias` is missing");
}

TEST(Lookup, OneNumber) {
  Read r({});
  const float x = 0.75f;
  ASSERT_EQ(r.run({&x, DType::float32, {}}), "");
  EXPECT_EQ(r.seen("bias").extents(), (List{1, 1, 1, 1}));
  EXPECT_EQ(r.seen("bias").values, (Numbers{0.75}));
}

TEST(Lookup, Sentences) {
  Read r({B, O});
  const std::vector<float> bias(64);
  const std::string start = "layer `model::recorder`: input `bias` ";
  EXPECT_EQ(r.run({bias, {3}}), start + "has 1 axis, expected 2: [batch, other]; got float32 [3]");
  EXPECT_EQ(r.run({bias, {1, 5}}),
            start +
                "has length 1 on axis 0 (batch), expected 3 as in input `query`; got float32 "
                "[1, 5]");
  EXPECT_EQ(r.run({bias, {3, 0}}),
            start + "has length 0 on axis 1 (other), and a table at least 1; got float32 [3, 0]");
  EXPECT_EQ(r.run({static_cast<const float*>(nullptr), {3, 5}}),
            start + "has no memory: its pointer is null; got float32 [3, 5]");
  Read index({B, O}, ATTN_VALUE_INDEX_TABLE);
  EXPECT_EQ(index.run({bias, {3, 5}}),
            start + "has type float32, expected an integer type; got float32 [3, 5]");
}

TEST(Lookup, InAnImpossibleTable) {
  auto wrong = [](Recorder& r) {
    const auto layer = attn::AnyLayer::load(r.table(), std::span<const attn::NamedTensor>());
    const std::string& m = layer.status().message();
    const std::string start = "layer `model::recorder`: its table is malformed: ";
    return m.substr(start.size(), m.find(';') - start.size());
  };
  Recorder form;
  form.input("bias", {O}, {.value = ATTN_VALUE_TABLE}).output("y", {B, Q, F});
  form.path("path").takes("bias", ATTN_FORM_LIST).makes("y", ATTN_FORM_ROWS);
  EXPECT_EQ(wrong(form), "variant `plain` path `path` takes input `bias` in the wrong form");
  Recorder rank;
  rank.input("bias", {B, Q, K, O, O1}, {.value = ATTN_VALUE_TABLE}).output("y", {B, Q, F});
  rank.path("path").takes("bias", ATTN_FORM_TABLE).makes("y", ATTN_FORM_ROWS);
  EXPECT_EQ(wrong(rank), "variant `plain` path `path` takes input `bias` in the wrong form");
  Recorder value;
  value.input("bias", {O}, {.value = 7}).output("y", {B, Q, F});
  value.path("path").makes("y", ATTN_FORM_ROWS);
  EXPECT_EQ(wrong(value), "input `bias` has value 7");
}

}  // namespace
