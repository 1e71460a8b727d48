// Indices: integers of any type, a single one or one per sequence.
#include <gtest/gtest.h>

#include <cstring>

#include "recorder.h"

namespace {

using namespace recorder;
using attn::DType;
using attn::Tensor;
using List = std::vector<int>;

struct Indexed : Recorder {
  std::vector<float> x = std::vector<float>(64), y = std::vector<float>(64);
  explicit Indexed(std::vector<attn_axis> axes = {B}) {
    input("query", {B, B1, Q, F}).input("at", axes, {.value = ATTN_VALUE_INDEX, .optional = true});
    output("y", {B, B1, Q, F}).path("path").takes("at", ATTN_FORM_LIST).makes("y", 0);
  }
  std::string run(const Tensor& at) {
    attn::Workspace scratch;
    return load()
        .run({{"query", {x, {3, 2, 1, 4}}}, {"at", at}}, {{"y", {y, {3, 2, 1, 4}}}}, scratch)
        .message();
  }
};

TEST(Index, OneForAllOneEachOrNone) {
  Indexed i;
  const int32_t at[] = {5, -6, 7, 8, 9, 10};
  ASSERT_EQ(i.run({at, {3}}), "");
  EXPECT_EQ(i.seen("at").host, at);
  EXPECT_EQ(i.seen("at").extents(), (List{3}));
  EXPECT_EQ(i.seen("at").strides(), (List{1}));
  EXPECT_EQ(i.seen("at").type(), "int32");
  EXPECT_EQ(i.seen("at").values, (std::vector<double>{5, -6, 7}));
  for (const attn::Shape& shape : {attn::Shape{}, attn::Shape{1}}) {
    ASSERT_EQ(i.run({at, shape}), "");
    EXPECT_EQ(i.seen("at").host, at);
    EXPECT_EQ(i.seen("at").strides(), (List{0}));
    EXPECT_EQ(i.seen("at").values, (std::vector<double>{5, 5, 5}));
  }
  ASSERT_EQ(i.run({at, {3}, {2}}), "");
  EXPECT_NE(i.seen("at").host, at);
  EXPECT_EQ(i.seen("at").values, (std::vector<double>{5, 7, 9}));
  ASSERT_EQ(i.run({}), "");
  EXPECT_EQ(i.seen("at").values, (std::vector<double>{0, 0, 0}));
  // Two batch axes, merged or copied.
  Indexed two({B, B1});
  ASSERT_EQ(two.run({at, {3, 2}}), "");
  EXPECT_EQ(two.seen("at").host, at);
  ASSERT_EQ(two.run({at, {3, 1}}), "");
  EXPECT_EQ(two.seen("at").values, (std::vector<double>{5, 5, -6, -6, 7, 7}));
  ASSERT_EQ(two.run({at, {1, 2}}), "");
  EXPECT_EQ(two.seen("at").values, (std::vector<double>{5, -6, 5, -6, 5, -6}));
}

TEST(Index, OfEveryIntegerType) {
  Indexed i;
  const int64_t i64[] = {int64_t{1} << 40, 3, INT64_MIN};
  ASSERT_EQ(i.run({i64, {3}}), "");
  EXPECT_EQ(i.seen("at").values, (std::vector<double>{2147483647, 3, -2147483648.}));
  const int16_t i16[] = {-7, 300, 0};
  ASSERT_EQ(i.run({i16, {3}}), "");
  EXPECT_EQ(i.seen("at").values, (std::vector<double>{-7, 300, 0}));
  const int8_t i8[] = {-7, 100, 0};
  ASSERT_EQ(i.run({i8, {3}}), "");
  EXPECT_EQ(i.seen("at").values, (std::vector<double>{-7, 100, 0}));
  const uint8_t u8[] = {200, 100, 0};
  ASSERT_EQ(i.run({u8, {3}}), "");
  EXPECT_EQ(i.seen("at").values, (std::vector<double>{200, 100, 0}));
  // At an odd address.
  std::byte bytes[16] = {};
  const int32_t at[] = {1, 2, 3};
  std::memcpy(bytes + 1, at, sizeof at);
  ASSERT_EQ(i.run({bytes + 1, DType::int32, {3}}), "");
  EXPECT_EQ(i.seen("at").values, (std::vector<double>{1, 2, 3}));
}

TEST(Index, Sentences) {
  Indexed i;
  const std::vector<int32_t> at(8);
  const std::string start = "layer `model::recorder`: input `at` ";
  EXPECT_EQ(i.run({i.x.data(), {3}}),
            start + "has type float32, expected an integer type; got float32 [3]");
  EXPECT_EQ(i.run({at.data(), DType::boolean, {3}}),
            start + "has type bool, expected an integer type; got bool [3]");
  EXPECT_EQ(i.run({at, {2}}),
            start +
                "has length 2 on axis 0 (batch), expected 3 as in input `query`, or 1; got "
                "int32 [2]");
  EXPECT_EQ(i.run({at, {3, 1}}),
            start + "has 2 axes, expected 0 or 1 of [batch]; got int32 [3, 1]");
  EXPECT_EQ(i.run({static_cast<const int32_t*>(nullptr), {3}}),
            start + "has no memory: its pointer is null; got int32 [3]");
  Indexed two({B, B1});
  EXPECT_EQ(two.run({at, {3}}),
            start + "has 1 axis, expected 0 or 2 of [batch, batch.1]; got int32 [3]");
}

}  // namespace
