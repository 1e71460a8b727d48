// Masks of numbers; and masks of truths, their merged axes and their `reading`.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "recorder.h"

namespace {

using namespace recorder;
using attn::DType;
using attn::Shape;
using attn::Tensor;
using List = std::vector<int>;

/// Queries, keys, a mask with some axes, two more truths and an optional output.
struct Masked : Recorder {
  std::vector<float> x = std::vector<float>(1024), y = std::vector<float>(1024),
                     z = std::vector<float>(1024);
  int64_t batch = 2, queries = 3, keys = 5;
  Masked(const std::vector<attn_axis>& axes, const Given& mask) {
    input("query", {B, Q, F}).input("value", {B, K, F}).input("mask", axes, mask);
    const Given truth{.value = ATTN_VALUE_TRUTH, .dtype = ATTN_BOOL, .optional = true};
    input("padding", {B, K}, truth).input("causal", {}, truth);
    output("y", {B, Q, F}).output("scores", {B, H, Q, K}, {.optional = true});
    for (bool scores : {false, true}) {
      path(scores ? "scores" : "plain").takes("mask", ATTN_FORM_PAIRS);
      takes("padding", ATTN_FORM_PAIRS).takes("causal", 0).makes("y", ATTN_FORM_ROWS);
      if (scores) makes("scores", ATTN_FORM_PAIRS);
    }
  }
  std::string run(const Tensor& mask, const Tensor& padding = {}, bool causal = false,
                  bool scores = false) {
    const Tensor in[] = {
        {x, {batch, queries, 1}}, {x, {batch, keys, 1}}, mask, padding, Tensor::flag(causal)};
    attn::MutableTensor out[] = {{y, {batch, queries, 1}}, {}};
    if (scores) out[1] = {z, {batch, 2, queries, keys}};
    attn::Workspace scratch;
    return load().run(in, out, scratch).message();
  }
  /// The row of the mask at batch 0, head 0, query 0.
  std::vector<double> first_row() const {
    const std::vector<double>& all = seen("mask").values;
    return {all.begin(), all.begin() + keys};
  }
};

const Given soft{.value = ATTN_VALUE_SOFT, .optional = true};

Given truth(int reading = 0) {
  return {.value = ATTN_VALUE_TRUTH,
          .dtype = ATTN_BOOL,
          .optional = true,
          .reading = static_cast<uint8_t>(reading)};
}

TEST(SoftMask, AbsentIsOne) {
  for (int32_t type : {ATTN_FLOAT32, ATTN_FLOAT64}) {
    Masked m({B, H, Q, K}, soft);
    m.compute_dtype = type;
    ASSERT_EQ(m.run({}), "");
    EXPECT_EQ(m.seen("mask").type(), type == ATTN_FLOAT32 ? "float32" : "float64");
    EXPECT_EQ(m.seen("mask").extents(), (List{5, 3, 2, 2}));
    EXPECT_EQ(m.seen("mask").strides(), (List{0, 0, 0, 0}));
    EXPECT_EQ(m.seen("mask").values, std::vector<double>(60, 1));
  }
}

TEST(SoftMask, NumbersOfTheKernelsAreNotCopied) {
  Masked m({B, H, Q, K}, soft);
  std::vector<float> mask(60);
  for (size_t i = 0; i < mask.size(); ++i) mask[i] = static_cast<float>(i) / 8;
  ASSERT_EQ(m.run({mask, {2, 2, 3, 5}}), "");
  EXPECT_EQ(m.seen("mask").host, mask.data());
  EXPECT_EQ(m.seen("mask").values[59], 59.0 / 8);
  ASSERT_EQ(m.run({mask.data(), {3, 1}}), "");
  EXPECT_EQ(m.seen("mask").host, mask.data());
  EXPECT_EQ(m.seen("mask").strides(), (List{0, 1, 0, 0}));
  ASSERT_EQ(m.run({mask.data(), {3, 5}, {1, 3}}), "");
  EXPECT_NE(m.seen("mask").host, mask.data());
  EXPECT_EQ(m.seen("mask").strides(), (List{1, 5, 0, 0}));
  EXPECT_EQ(m.first_row(), (std::vector<double>{0, 3. / 8, 6. / 8, 9. / 8, 12. / 8}));
  // At an address that is not aligned to a float.
  auto* odd = reinterpret_cast<std::byte*>(mask.data()) + 1;
  std::memmove(odd, mask.data(), 40);
  ASSERT_EQ(m.run({odd, DType::float32, {1, 5}}), "");
  EXPECT_EQ(m.first_row(), (std::vector<double>{0, 1. / 8, 2. / 8, 3. / 8, 4. / 8}));
}

TEST(SoftMask, OfEveryType) {
  Masked m({B, H, Q, K}, soft);
  const int8_t i8[] = {-128, -1, 0, 1, 127};
  ASSERT_EQ(m.run({i8, {1, 5}}), "");
  EXPECT_EQ(m.first_row(), (std::vector<double>{-128, -1, 0, 1, 127}));
  const uint8_t u8[] = {0, 1, 2, 128, 255};
  ASSERT_EQ(m.run({u8, {1, 5}}), "");
  EXPECT_EQ(m.first_row(), (std::vector<double>{0, 1, 2, 128, 255}));
  ASSERT_EQ(m.run({u8, DType::boolean, {1, 5}}), "");
  EXPECT_EQ(m.first_row(), (std::vector<double>{0, 1, 1, 1, 1}));
  const int16_t i16[] = {-32768, 0, 1, 2, 32767};
  ASSERT_EQ(m.run({i16, {1, 5}}), "");
  EXPECT_EQ(m.first_row(), (std::vector<double>{-32768, 0, 1, 2, 32767}));
  const int32_t i32[] = {INT32_MIN, -1, 0, 16777216, 16777217};
  ASSERT_EQ(m.run({i32, {1, 5}}), "");
  EXPECT_EQ(m.first_row(), (std::vector<double>{-2147483648., -1, 0, 16777216, 16777216}));
  const int64_t i64[] = {-1, 0, 1, 1 << 20, int64_t{1} << 40};
  ASSERT_EQ(m.run({i64, {1, 5}}), "");
  EXPECT_EQ(m.first_row(), (std::vector<double>{-1, 0, 1, 1 << 20, 0x1p40}));
  const double f64[] = {0.1, -0.0, 1e300, 0.5, 1 + 0x1p-24};
  ASSERT_EQ(m.run({f64, {1, 5}}), "");
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(m.first_row(), (std::vector<double>{0.1f, 0, inf, 0.5, 1}));
  // 1, the smallest, the largest, -2, the largest denormal number.
  const uint16_t f16[] = {0x3c00, 0x0001, 0x7bff, 0xc000, 0x03ff};
  ASSERT_EQ(m.run({f16, DType::float16, {1, 5}}), "");
  EXPECT_EQ(m.first_row(), (std::vector<double>{1, 0x1p-24, 65504, -2, 0x3ffp-24}));
  const uint16_t special[] = {0x7c00, 0xfc00, 0x7e00, 0x8000, 0x0400};
  ASSERT_EQ(m.run({special, DType::float16, {1, 5}}), "");
  EXPECT_EQ(m.first_row()[0], inf);
  EXPECT_EQ(m.first_row()[1], -inf);
  EXPECT_TRUE(std::isnan(m.first_row()[2]));
  EXPECT_TRUE(std::signbit(m.first_row()[3]));
  EXPECT_EQ(m.first_row()[4], 0x1p-14);
  const uint16_t brain[] = {0x3f80, 0x4049, 0xff80, 0x0000, 0x3f00};
  ASSERT_EQ(m.run({brain, DType::bfloat16, {1, 5}}), "");
  EXPECT_EQ(m.first_row(), (std::vector<double>{1, 3.140625, -inf, 0, 0.5}));
  Masked wide({B, H, Q, K}, soft);
  wide.compute_dtype = ATTN_FLOAT64;
  ASSERT_EQ(wide.run({f64, {1, 5}}), "");
  EXPECT_EQ(wide.seen("mask").host, f64);
  const float f32[] = {0.1f, 1, 2, 3, 4};
  ASSERT_EQ(wide.run({f32, {1, 5}}), "");
  EXPECT_EQ(wide.first_row(), (std::vector<double>{0.1f, 1, 2, 3, 4}));
}

TEST(SoftMask, IsCheckedLikeAMask) {
  Masked m({B, H, Q, K}, soft);
  std::vector<float> mask(60);
  EXPECT_EQ(m.run({mask, {3, 4}}),
            "layer `model::recorder`: input `mask` has length 4 on axis 1 (key), expected 5 as in "
            "input `value`, or 1; got float32 [3, 4]");
  EXPECT_EQ(m.run({mask, {5}}),
            "layer `model::recorder`: input `mask` has 1 axis, expected 2 to 4 of [batch, head 2, "
            "query, key]; got float32 [5]");
}

TEST(Truths, ArePairsWhateverTheirAxes) {
  const uint8_t bytes[] = {1, 0, 1, 0, 1, 0, 1, 0, 1, 0};
  Masked padding({B, K}, truth());
  ASSERT_EQ(padding.run({bytes, DType::boolean, {2, 5}}), "");
  EXPECT_EQ(padding.seen("mask").host, bytes);
  EXPECT_EQ(padding.seen("mask").extents(), (List{5, 1, 1, 2}));
  EXPECT_EQ(padding.seen("mask").strides(), (List{1, 0, 0, 5}));
  ASSERT_EQ(padding.run({bytes, DType::boolean, {1, 5}}), "");
  EXPECT_EQ(padding.seen("mask").strides(), (List{1, 0, 0, 0}));
  ASSERT_EQ(padding.run({bytes, DType::boolean, {5}}), "");
  EXPECT_EQ(padding.seen("mask").strides(), (List{1, 0, 0, 0}));
  Masked queries({B, Q}, truth());
  ASSERT_EQ(queries.run({bytes, DType::boolean, {2, 3}}), "");
  EXPECT_EQ(queries.seen("mask").extents(), (List{1, 3, 1, 2}));
  EXPECT_EQ(queries.seen("mask").strides(), (List{0, 1, 0, 3}));
  EXPECT_EQ(queries.seen("mask").type(), "uint8");
  ASSERT_EQ(queries.run({}), "");
  EXPECT_EQ(queries.seen("mask").values, std::vector<double>(6, 1));
}

/// Two axes each of queries, keys and batches.
struct Wide : Recorder {
  std::vector<float> x = std::vector<float>(1024), y = std::vector<float>(1024);
  Wide() {
    input("query", {B, B1, Q, Q1, F}).input("value", {B, B1, K, K1, F});
    input("mask", {B, B1, H, Q, Q1, K, K1}, truth()).output("y", {B, B1, Q, Q1, F});
    path("path").takes("mask", ATTN_FORM_PAIRS).makes("y", ATTN_FORM_ROWS);
  }
  std::string run(const Tensor& mask) {
    attn::Workspace scratch;
    return load()
        .run({{"query", {x, {2, 2, 3, 2, 1}}}, {"value", {x, {2, 2, 2, 3, 1}}}, {"mask", mask}},
             {{"y", {y, {2, 2, 3, 2, 1}}}}, scratch)
        .message();
  }
};

TEST(Truths, AxesOfAKindAreOne) {
  std::vector<uint8_t> bytes(2 * 2 * 2 * 6 * 6);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = i * i % 5 > 1;
  Wide w;
  ASSERT_EQ(w.run({bytes.data(), DType::boolean, {2, 2, 2, 3, 2, 2, 3}}), "");
  EXPECT_EQ(w.seen("mask").host, bytes.data());
  EXPECT_EQ(w.seen("mask").extents(), (List{6, 6, 2, 4}));
  EXPECT_EQ(w.seen("mask").strides(), (List{1, 6, 36, 72}));
  // Only queries and keys; then batch.1 without batch, which do not merge.
  ASSERT_EQ(w.run({bytes.data(), DType::boolean, {3, 2, 2, 3}}), "");
  EXPECT_EQ(w.seen("mask").host, bytes.data());
  EXPECT_EQ(w.seen("mask").strides(), (List{1, 6, 0, 0}));
  ASSERT_EQ(w.run({bytes.data(), DType::boolean, {1, 2, 1, 1, 1, 2, 3}}), "");
  EXPECT_NE(w.seen("mask").host, bytes.data());
  EXPECT_EQ(w.seen("mask").strides(), (List{1, 0, 0, 6}));
  for (size_t b = 0; b < 4; ++b) {
    for (size_t k = 0; k < 6; ++k) {
      EXPECT_EQ(w.seen("mask").values[b * 72 + k], bytes[b % 2 * 6 + k]);
    }
  }
  // One of the key axes is broadcast.
  ASSERT_EQ(w.run({bytes.data(), DType::boolean, {3, 2, 2, 1}}), "");
  EXPECT_EQ(w.seen("mask").strides(), (List{1, 6, 0, 0}));
  for (size_t q = 0; q < 6; ++q) {
    for (size_t k = 0; k < 6; ++k) {
      EXPECT_EQ(w.seen("mask").values[q * 6 + k], bytes[q * 2 + k / 3]);
    }
  }
}

TEST(Truths, AreReadAsTheTableSays) {
  const float mask[] = {0.25f, 0.5f, 0.75f, NAN, -2};
  const std::vector<double> not_zero{1, 1, 1, 1, 1}, above{0, 0, 1, 0, 0};
  auto read = [&](int reading, bool causal, bool padding, bool scores) {
    Masked m({B, H, Q, K}, truth(reading | ATTN_READ_ANY_NUMBER));
    const uint8_t all[] = {1, 1, 1, 1, 1};
    EXPECT_EQ(m.run({mask, {1, 5}}, padding ? Tensor(all, DType::boolean, {1, 5}) : Tensor(),
                    causal, scores),
              "");
    return m.first_row();
  };
  constexpr int half = ATTN_READ_ABOVE_HALF, optional = ATTN_READ_ABOVE_HALF_WITH_OPTIONAL,
                only = ATTN_READ_ONLY_MASK;
  EXPECT_EQ(read(0, false, false, false), not_zero);
  EXPECT_EQ(read(half, false, false, false), above);
  EXPECT_EQ(read(half, false, false, true), not_zero);
  EXPECT_EQ(read(half, true, true, false), above);
  EXPECT_EQ(read(optional, false, false, false), not_zero);
  EXPECT_EQ(read(optional, false, false, true), above);
  EXPECT_EQ(read(half | optional, false, false, true), above);
  EXPECT_EQ(read(half | only, false, false, false), above);
  EXPECT_EQ(read(half | only, true, false, false), not_zero);
  EXPECT_EQ(read(half | only, false, true, false), not_zero);
  EXPECT_EQ(read(only, false, false, false), not_zero);
}

TEST(Truths, TheTableSaysWhetherNumbersAreRefused) {
  const int8_t bytes[] = {0, 1, 2, 127, -1};
  const float numbers[] = {0, -0.0f, 0.75f, 0x1p-149f, NAN};
  for (int reading = 0; reading < 8; ++reading) {
    Masked refuses({B, H, Q, K}, truth(reading));
    std::string said = refuses.run({bytes, {1, 5}});
    EXPECT_NE(said.find("input `mask` holds -1 (int8)"), std::string::npos) << said;
    said = refuses.run({numbers, {1, 5}});
    EXPECT_NE(said.find("nan (float32)"), std::string::npos) << said;
    ASSERT_EQ(refuses.run({numbers, {1, 5}, {0, 0}}), "");  // only its first number, broadcast
    Masked takes({B, H, Q, K}, truth(reading | ATTN_READ_ANY_NUMBER));
    EXPECT_EQ(takes.run({bytes, {1, 5}}), "");
    EXPECT_EQ(takes.run({numbers, {1, 5}}), "");
  }
  // If any number is allowed, a mask of one-byte elements needs no copy.
  Masked takes({B, H, Q, K}, truth(ATTN_READ_ANY_NUMBER));
  ASSERT_EQ(takes.run({bytes, {1, 5}}), "");
  EXPECT_EQ(takes.seen("mask").host, static_cast<const void*>(bytes));
}

TEST(Truths, AboveHalfOfEveryType) {
  Masked m({B, H, Q, K}, truth(ATTN_READ_ABOVE_HALF | ATTN_READ_ANY_NUMBER));
  auto row = [&](const void* data, DType dtype) {
    EXPECT_EQ(m.run({data, dtype, {1, 5}}), "");
    return m.first_row();
  };
  const std::vector<double> above{0, 0, 1, 1, 0};
  const double f64[] = {0.5, -1, 0.5 + 0x1p-53, 1, NAN};
  EXPECT_EQ(row(f64, DType::float64), above);
  const uint16_t f16[] = {0x3800, 0xbc00, 0x3801, 0x7c00, 0x7e00};
  EXPECT_EQ(row(f16, DType::float16), above);
  const uint16_t brain[] = {0x3f00, 0xbf80, 0x3f01, 0x7f80, 0x7fc0};
  EXPECT_EQ(row(brain, DType::bfloat16), above);
  const int8_t i8[] = {0, -1, 1, 127, -128};
  EXPECT_EQ(row(i8, DType::int8), above);
  const uint8_t u8[] = {0, 0, 1, 255, 0};
  EXPECT_EQ(row(u8, DType::uint8), above);
  const int16_t i16[] = {0, -1, 1, 256, -256};
  EXPECT_EQ(row(i16, DType::int16), above);
  const int32_t i32[] = {0, -1, 1, 1 << 20, INT32_MIN};
  EXPECT_EQ(row(i32, DType::int32), above);
  const int64_t i64[] = {0, -1, 1, int64_t{1} << 40, INT64_MIN};
  EXPECT_EQ(row(i64, DType::int64), above);
  // A bool mask is read as it is, without a copy.
  ASSERT_EQ(m.run({u8, DType::boolean, {1, 5}}), "");
  EXPECT_EQ(m.seen("mask").host, u8);
}

}  // namespace
