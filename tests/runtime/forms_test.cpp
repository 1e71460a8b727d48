// Forms: how a kernel sees a tensor's axes, and when it sees a copy.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "recorder.h"

namespace {

using namespace recorder;
using attn::DType;
using attn::MutableTensor;
using attn::Shape;
using attn::Tensor;

std::vector<float> numbers(size_t n) {
  std::vector<float> x(n);
  std::iota(x.begin(), x.end(), 1.0f);
  return x;
}

/// One input `x` and one output `y` with the same axes and form; the kernel computes y = x + 1000.
struct Form : Recorder {
  Form(const std::vector<attn_axis>& axes, uint8_t form, uint8_t dtype = ATTN_FLOAT32) {
    input("x", axes, {.dtype = dtype}).output("y", axes, {.dtype = dtype});
    path("path").takes("x", form).makes("y", form);
    kernel = [](const std::vector<attn_buffer*>& b) {
      std::vector<int> at(static_cast<size_t>(b[0]->dimensions));
      int64_t count = 1;
      for (size_t d = 0; d < at.size(); ++d) count *= b[0]->dim[d].extent;
      for (int64_t e = 0; e < count; ++e) {
        set(*b[1], at, get(*b[0], at) + 1000);
        for (size_t d = 0; d < at.size() && ++at[d] == b[0]->dim[d].extent; ++d) at[d] = 0;
      }
    };
  }
  std::string run(const Tensor& x, const MutableTensor& y) {
    attn::Workspace scratch;
    attn::ThreadPool pool(2);
    return load().run({{"x", x}}, {{"y", y}}, scratch, {.executor = &pool}).message();
  }
  size_t bytes(const Tensor& x, const MutableTensor& y) {
    const Tensor in[] = {x};
    const MutableTensor out[] = {y};
    const auto result = load().workspace_bytes(in, out, 1);
    EXPECT_TRUE(result.ok()) << result.status().message();
    return result.ok() ? *result : 0;
  }
};

using List = std::vector<int>;

TEST(Forms, WhatFitsIsPassedAsItIs) {
  Form f({B, Q, F}, ATTN_FORM_ROWS);
  std::vector<float> x = numbers(24), y(24);
  const Shape shape{2, 3, 4};
  ASSERT_EQ(f.run({x, shape}, {y, shape}), "");
  EXPECT_EQ(f.seen("x").host, x.data());
  EXPECT_EQ(f.seen("y").host, y.data());
  EXPECT_EQ(f.seen("x").extents(), (List{4, 3, 2}));
  EXPECT_EQ(f.seen("x").strides(), (List{1, 4, 12}));
  EXPECT_EQ(f.seen("x").type(), "float32");
  EXPECT_EQ(y[23], 1024);
  const size_t least = f.bytes({x, shape}, {y, shape});
  // Queries outermost and in reverse; and a batch whose sequences share memory.
  const Tensor back(x.data() + 16, shape, {4, -8, 1}), one(x.data(), shape, {0, 4, 1});
  EXPECT_EQ(f.bytes(back, {y, shape}), least);
  EXPECT_EQ(f.bytes(one, {y, shape}), least);
  ASSERT_EQ(f.run(back, {y, shape}), "");
  EXPECT_EQ(f.seen("x").host, x.data() + 16);
  EXPECT_EQ(f.seen("x").strides(), (List{1, -8, 4}));
  EXPECT_EQ(y[0], 1017);
}

TEST(Forms, FeaturesThatDoNotLieTogetherAreCopied) {
  Form f({B, Q, F}, ATTN_FORM_ROWS);
  std::vector<float> x = numbers(48), y(48, -1);
  const Shape shape{2, 3, 4}, strides{24, 8, 2};
  ASSERT_EQ(f.run({x.data(), shape, strides}, {y.data(), shape, strides}), "");
  EXPECT_NE(f.seen("x").host, x.data());
  EXPECT_NE(f.seen("y").host, y.data());
  EXPECT_EQ(f.seen("x").strides(), (List{1, 4, 12}));
  EXPECT_EQ(f.seen("x").values[5], 11);
  for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], i % 2 == 0 ? x[i] + 1000 : -1) << i;
  // 24 numbers each, rounded up to 128 bytes. They may share memory here, as `y` is written last.
  const size_t least = f.bytes({x, shape}, {y, shape});
  EXPECT_EQ(f.bytes({x.data(), shape, strides}, {y, shape}), least + 128);
  EXPECT_EQ(f.bytes({x.data(), shape, strides}, {y.data(), shape, strides}), least + 256);
  // A single feature is always contiguous.
  EXPECT_EQ(f.bytes({x.data(), {2, 3, 1}, strides}, {y, {2, 3, 1}}), least);
}

TEST(Forms, ABroadcastFeatureIsWrittenOut) {
  Form f({B, Q, F}, ATTN_FORM_ROWS);
  std::vector<float> x = numbers(6), y(24);
  const Shape shape{2, 3, 4};
  ASSERT_EQ(f.run({x.data(), shape, {3, 1, 0}}, {y, shape}), "");
  EXPECT_EQ(f.seen("x").strides(), (List{1, 4, 12}));
  EXPECT_EQ(y[7], 1002);
  // The batch axis may stay as it is.
  ASSERT_EQ(f.run({x.data(), shape, {0, 1, 0}}, {y, shape}), "");
  EXPECT_EQ(f.seen("x").strides(), (List{1, 4, 0}));
  EXPECT_EQ(y[23], 1003);
}

TEST(Forms, ManyAxesAreOne) {
  // As with attention_axes = (2, 1): query.1 comes before query, and still is the innermost.
  Form f({B, Q1, Q, F}, ATTN_FORM_ROWS);
  std::vector<float> x = numbers(24), y(24);
  const Shape shape{1, 2, 3, 4};
  ASSERT_EQ(f.run({x, shape}, {y, shape}), "");
  EXPECT_NE(f.seen("x").host, x.data());
  EXPECT_EQ(f.seen("x").extents(), (List{4, 6, 1}));
  EXPECT_EQ(f.seen("x").values[4], 13);  // query 0, query.1 1
  EXPECT_EQ(y[23], 1024);
  // In memory as the form needs it: no copy.
  const Shape strides{24, 4, 8, 1};
  ASSERT_EQ(f.run({x.data(), shape, strides}, {y.data(), shape, strides}), "");
  EXPECT_EQ(f.seen("x").host, x.data());
  EXPECT_EQ(f.seen("x").strides(), (List{1, 4, 24}));

  Form batches({B, B1, Q, F, F1}, ATTN_FORM_ROWS);
  ASSERT_EQ(batches.run({x, {2, 2, 1, 2, 3}}, {y, {2, 2, 1, 2, 3}}), "");
  EXPECT_EQ(batches.seen("x").host, x.data());
  EXPECT_EQ(batches.seen("x").extents(), (List{6, 1, 4}));
  EXPECT_EQ(batches.seen("x").strides(), (List{1, 6, 6}));
}

TEST(Forms, LengthsOfSingleAxes) {
  Recorder r;
  r.input("x", {B, Q, Q1, F}).input("keys", {B, K, K1, F}).output("y", {B, Q, Q1, F});
  r.path("path").takes_length(K1).takes("x", ATTN_FORM_ROWS).takes("keys", ATTN_FORM_ROWS);
  r.makes("y", ATTN_FORM_ROWS).takes_length(Q1).takes_length(Q).takes_length(K).takes_length(B);
  std::vector<float> x = numbers(2 * 3 * 5 * 4), keys = numbers(2 * 7 * 6 * 4), y(x.size());
  attn::Workspace scratch;
  const attn::AnyLayer layer = r.load();
  const auto s = layer.run({{"x", {x, {2, 3, 5, 4}}}, {"keys", {keys, {2, 7, 6, 4}}}},
                           {{"y", {y, {2, 3, 5, 4}}}}, scratch);
  ASSERT_EQ(s.message(), "");
  EXPECT_EQ(r.lengths(), (std::vector<double>{6, 5, 3, 7, 2}));
  EXPECT_EQ(r.asked, r.lengths());
  EXPECT_EQ(r.seen("x").extents(), (List{4, 15, 2}));
  // In a call that has no elements to read.
  ASSERT_EQ(layer
                .run({{"x", {x, {2, 3, 5, 4}}}, {"keys", {keys.data(), {2, 0, 6, 4}}}},
                     {{"y", {y, {2, 3, 5, 4}}}}, scratch)
                .message(),
            "");
  EXPECT_EQ(r.lengths(), (std::vector<double>{6, 5, 3, 0, 2}));
  // Kernels cannot count further.
  const int64_t many = int64_t{1} << 31;
  const attn::Status wide =
      layer.run({{"x", {x, {2, 3, 5, 4}}}, {"keys", {keys.data(), {2, 0, many, 4}}}},
                {{"y", {y, {2, 3, 5, 4}}}}, scratch);
  EXPECT_EQ(
      wide.message(),
      "layer `model::recorder`: input `keys` has length 2147483648 on axis key.1, expected at "
      "most 2^31 - 1");
}

TEST(Forms, LengthOfKeysThatAreNoCaches) {
  Recorder r;
  r.input("new_keys", {B, U, F}).output("y", {B, U, F});
  r.input("mask", {B, U, K}, {.value = ATTN_VALUE_TRUTH, .optional = true});
  r.path("path").takes("new_keys", ATTN_FORM_ROWS).makes("y", ATTN_FORM_ROWS).takes_length(K);
  std::vector<float> x = numbers(12), y(12);
  attn::Workspace scratch;
  ASSERT_EQ(
      r.load().run({{"new_keys", {x, {1, 3, 4}}}}, {{"y", {y, {1, 3, 4}}}}, scratch).message(), "");
  EXPECT_EQ(r.lengths(), (std::vector<double>{3}));
}

TEST(Forms, MasksOfSeveralAxes) {
  // Queries and keys have two axes each. A kernel sees one axis of queries and one of keys, with
  // the second axis innermost; axes of length 1 of a mask are broadcast.
  Recorder r;
  r.input("x", {B, Q, Q1, F}).input("keys", {B, K, K1, F}).output("y", {B, Q, Q1, F});
  r.input("mask", {B, H, Q, Q1, K, K1}, {.value = ATTN_VALUE_TRUTH, .optional = true});
  r.path("path").takes("x", ATTN_FORM_ROWS).takes("keys", ATTN_FORM_ROWS);
  r.takes("mask", ATTN_FORM_PAIRS).makes("y", ATTN_FORM_ROWS);
  const attn::AnyLayer layer = r.load();
  std::vector<float> x = numbers(2 * 3 * 2 * 4), keys = numbers(2 * 2 * 5 * 4), y(x.size());
  const std::vector<int64_t> full{2, 2, 3, 2, 2, 5};
  std::mt19937 random(3);
  for (int once = 0; once < 64; ++once) {
    std::vector<int64_t> shape = full;
    for (size_t i = 0; i < 6; ++i) {
      if (once >> i & 1) shape[i] = 1;
    }
    // Either bytes that are used as they are, or another order and another type, which are copied.
    for (bool plain : {true, false}) {
      const Shape of(shape);
      Shape strides = of.contiguous_strides();
      if (!plain) {
        int64_t step = 1;
        for (int axis : {3, 5, 2, 4, 0, 1}) strides[axis] = step, step *= of[axis];
      }
      std::vector<int32_t> numbers_of(static_cast<size_t>(of.elements()));
      std::vector<uint8_t> bytes_of(numbers_of.size());
      for (size_t i = 0; i < bytes_of.size(); ++i) numbers_of[i] = bytes_of[i] = random() % 2;
      const Tensor mask = plain ? Tensor(bytes_of.data(), DType::boolean, of, strides)
                                : Tensor(numbers_of.data(), DType::int32, of, strides);
      attn::Workspace scratch;
      const attn::Status s =
          layer.run({{"x", {x, {2, 3, 2, 4}}}, {"keys", {keys, {2, 2, 5, 4}}}, {"mask", mask}},
                    {{"y", {y, {2, 3, 2, 4}}}}, scratch);
      ASSERT_EQ(s.message(), "");
      const Seen& seen = r.seen("mask");
      ASSERT_EQ(seen.extents(), (List{10, 6, 2, 2}));
      size_t i = 0;
      for (int64_t b = 0; b < 2; ++b)
        for (int64_t h = 0; h < 2; ++h)
          for (int64_t q = 0; q < 6; ++q)
            for (int64_t k = 0; k < 10; ++k, ++i) {
              const int64_t at[] = {b, h, q / 2, q % 2, k / 5, k % 5};
              int64_t offset = 0;
              for (int axis = 0; axis < 6; ++axis) {
                if (of[axis] != 1) offset += at[axis] * strides[axis];
              }
              ASSERT_EQ(seen.values[i], bytes_of[static_cast<size_t>(offset)])
                  << "once " << once << (plain ? " plain" : " copied") << " at " << i;
            }
    }
  }
}

TEST(Forms, OfHeadsPairsAndCaches) {
  std::vector<float> x = numbers(96), y(96);
  Form heads({B, K, H, D}, ATTN_FORM_HEADS);
  ASSERT_EQ(heads.run({x, {2, 3, 2, 4}}, {y, {2, 3, 2, 4}}), "");
  EXPECT_EQ(heads.seen("x").extents(), (List{4, 2, 3, 2}));
  EXPECT_EQ(heads.seen("x").host, x.data());
  Form heads_first({B, H, U, D}, ATTN_FORM_HEADS);
  ASSERT_EQ(heads_first.run({x, {2, 2, 3, 4}}, {y, {2, 2, 3, 4}}), "");
  EXPECT_EQ(heads_first.seen("x").strides(), (List{1, 12, 4, 24}));
  EXPECT_EQ(heads_first.seen("x").host, x.data());
  Form pairs({B, H, Q, Q1, K, K1}, ATTN_FORM_PAIRS);
  ASSERT_EQ(pairs.run({x, {1, 2, 2, 3, 2, 4}}, {y, {1, 2, 2, 3, 2, 4}}), "");
  EXPECT_EQ(pairs.seen("x").extents(), (List{8, 6, 2, 1}));
  EXPECT_EQ(pairs.seen("x").host, x.data());
  Form cache({B, Slot, K, H, D}, ATTN_FORM_CACHE);
  ASSERT_EQ(cache.run({x, {2, 2, 3, 2, 4}}, {y, {2, 2, 3, 2, 4}}), "");
  EXPECT_EQ(cache.seen("x").extents(), (List{4, 2, 3, 2, 2}));
  EXPECT_EQ(cache.seen("x").strides(), (List{1, 4, 8, 24, 48}));
  Form flat({Q}, ATTN_FORM_ROWS);
  ASSERT_EQ(flat.run({x.data(), {5}, {3}}, {y, {5}}), "");
  EXPECT_EQ(flat.seen("x").extents(), (List{1, 5, 1}));
  EXPECT_EQ(flat.seen("x").strides(), (List{1, 3, 15}));
}

TEST(Forms, ElementTypes) {
  std::vector<uint16_t> x(24, 7), y(24);
  for (auto [dtype, type] : {std::pair{DType::float16, "float16"}, {DType::bfloat16, "bfloat16"}}) {
    Form f({B, Q, F}, ATTN_FORM_ROWS, static_cast<uint8_t>(dtype));
    ASSERT_EQ(f.run({x.data(), dtype, {2, 3, 4}, {4, 8, 1}}, {y.data(), dtype, {2, 3, 4}}), "");
    EXPECT_EQ(f.seen("x").type(), type);
    ASSERT_EQ(f.run({x.data(), dtype, {2, 3, 4}, {1, 2, 6}}, {y.data(), dtype, {2, 3, 4}}), "");
    EXPECT_EQ(y[0], 1007);
  }
  std::vector<double> d{1, 2, 3, 4};
  std::vector<double> e(4);
  Form f({B, Q, F}, ATTN_FORM_ROWS, ATTN_FLOAT64);
  ASSERT_EQ(f.run({d.data(), {1, 2, 2}, {1, 1, 2}}, {e, {1, 2, 2}}), "");
  EXPECT_EQ(f.seen("x").type(), "float64");
  EXPECT_EQ(e, (std::vector<double>{1001, 1003, 1002, 1004}));
  EXPECT_EQ(
      f.run({numbers(4).data(), {1, 2, 2}}, {e, {1, 2, 2}}),
      "layer `model::recorder`: input `x` has type float32, expected float64; got float32 [1, "
      "2, 2]");
}

TEST(Forms, NothingAndOne) {
  std::vector<float> x = numbers(8), y(8);
  for (const Shape& shape : {Shape{0, 3, 4}, Shape{2, 0, 4}, Shape{2, 3, 0}}) {
    Form f({B, Q, F}, ATTN_FORM_ROWS);
    EXPECT_EQ(f.run({x.data(), shape, {INT64_MIN, INT64_MAX, -5}}, {y, shape}), "");
    EXPECT_EQ(f.ran, "");  // nothing to compute
  }
  Form one({B, Q, F}, ATTN_FORM_ROWS);
  ASSERT_EQ(one.run({x.data(), {1, 1, 1}, {INT64_MIN, INT64_MAX, -5}},
                    {y.data(), {1, 1, 1}, {INT64_MIN, INT64_MIN, 0}}),
            "");
  EXPECT_EQ(one.seen("x").strides(), (List{1, 1, 1}));
  EXPECT_EQ(y[0], 1001);
  // An input without elements and without memory, beside an output with elements.
  Recorder r;
  r.input("x", {B, Q, F}).input("keys", {B, K, F}).output("y", {B, Q, F});
  r.path("path").takes("keys", ATTN_FORM_ROWS).takes("x", ATTN_FORM_ROWS).makes("y", 0);
  attn::Workspace scratch;
  const Tensor none(static_cast<const float*>(nullptr), {2, 0, 4}, {INT64_MAX, 7, 3});
  const attn::Status s =
      r.load().run({{"x", {x, {2, 1, 4}}}, {"keys", none}}, {{"y", {y, {2, 1, 4}}}}, scratch);
  ASSERT_EQ(s.message(), "");
  EXPECT_EQ(r.seen("keys").extents(), (List{4, 0, 2}));
  EXPECT_NE(r.seen("keys").host, nullptr);
}

TEST(Forms, WhatIsTooLarge) {
  Form f({B, Q, F}, ATTN_FORM_ROWS);
  std::vector<float> x(8), y(8);
  const float* there = x.data();
  // Strides that are too large for kernels are removed by copying; those of the copy have to fit.
  EXPECT_GT(f.bytes({there, {2, 4, 8}, {int64_t{1} << 31, 8, 1}}, {y.data() + 1, {2, 4, 8}}),
            f.bytes({there, {2, 4, 8}, {int64_t{1} << 30, 8, 1}}, {y.data() + 1, {2, 4, 8}}));
  auto message = [&](const Tensor& view, const Shape& shape) {
    const Tensor in[] = {view};
    const MutableTensor out[] = {{y.data() + 1, shape}};
    return f.load().workspace_bytes(in, out, 1).status().message();
  };
  const Shape wide{2, 1 << 20, 1 << 12};
  EXPECT_EQ(message({there, wide, {int64_t{1} << 33, 1 << 13, 2}}, wide),
            "layer `model::recorder`: input `x` has to be copied for its strides, and is too large "
            "for that: its rows would lie more than 2^31 - 1 elements apart; call the layer for a "
            "part of it; got float32 [2, 1048576, 4096] strides [8589934592, 8192, 2]");
  EXPECT_NE(message({there, {1, int64_t{1} << 31, 1}}, {1, int64_t{1} << 31, 1})
                .find("more than 2^31 - 1 together with what belongs to it"),
            std::string::npos);
  EXPECT_NE(message({there, {1 << 16, 1 << 16, 1}}, {1 << 16, 1 << 16, 1})
                .find("has more than 2^31 - 2^16 rows"),
            std::string::npos);
  Form merged({B, Q, Q1, F}, ATTN_FORM_ROWS);
  const Tensor in[] = {{there, {1, 1 << 16, 1 << 16, 1}}};
  const MutableTensor out[] = {{y.data() + 1, {1, 1 << 16, 1 << 16, 1}}};
  EXPECT_NE(
      merged.load()
          .workspace_bytes(in, out, 1)
          .status()
          .message()
          .find(
              "has length 65536 on axis 1 (query), more than 2^31 - 1 together with what belongs"),
      std::string::npos);
}

TEST(Forms, OneCopyServesArgumentsThatAreAlike) {
  Recorder r;
  r.input("query", {B, Q, F}).input("value", {B, K, F}).input("key", {B, K, F}, {.or_input = 1});
  r.output("y", {B, Q, F}).path("path").takes("query", ATTN_FORM_ROWS);
  r.takes("value", ATTN_FORM_ROWS).takes("key", ATTN_FORM_ROWS).makes("y", ATTN_FORM_ROWS);
  const attn::AnyLayer layer = r.load();
  std::vector<float> x = numbers(48), y(24);
  const Shape shape{2, 3, 4};
  const Tensor wide(x.data(), shape, {24, 8, 2}), dense(x.data(), shape);
  const MutableTensor out[] = {{y, shape}};
  const Tensor with[] = {wide, wide}, without[] = {dense, dense};
  EXPECT_EQ(*layer.workspace_bytes(with, out, 1), *layer.workspace_bytes(without, out, 1) + 128);
  attn::Workspace scratch;
  ASSERT_TRUE(layer.run(with, out, scratch).ok());
  EXPECT_EQ(r.seen("key").host, r.seen("query").host);
  EXPECT_EQ(r.seen("key").values, r.seen("query").values);
}

TEST(Forms, AnyOrderOfAnyAxes) {
  std::mt19937 random(5);
  auto draw = [&](int64_t below) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(below));
  };
  // Innermost first, each with its dimension.
  const std::vector<std::pair<attn_axis, int>> all = {{F1, 0}, {F, 0},  {Q1, 1},
                                                      {Q, 1},  {B1, 2}, {B, 2}};
  for (int round = 0; round < 300; ++round) {
    std::vector<size_t> order(all.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::shuffle(order.begin(), order.end(), random);
    order.resize(static_cast<size_t>(1 + draw(6)));
    std::vector<attn_axis> axes;
    std::vector<int64_t> lengths;
    for (size_t a : order) {
      axes.push_back(all[a].first);
      lengths.push_back(1 + draw(4));
    }
    // Memory in any order, with gaps, forwards or backwards.
    auto strides_of = [&](int64_t& first) {
      std::vector<size_t> inner(order.size());
      std::iota(inner.begin(), inner.end(), size_t{0});
      std::shuffle(inner.begin(), inner.end(), random);
      std::vector<int64_t> strides(order.size());
      int64_t step = 1 + draw(2);
      first = 0;
      for (size_t i : inner) {
        strides[i] = draw(4) == 0 ? -step : step;
        if (strides[i] < 0) first += step * (lengths[i] - 1);
        step *= lengths[i];
        if (draw(3) == 0) step += 1;
      }
      return strides;
    };
    int64_t x_first = 0, y_first = 0;
    const Shape x_strides(strides_of(x_first)), y_strides(strides_of(y_first));
    std::vector<float> x = numbers(20000), y(20000, -1);
    Form f(axes, ATTN_FORM_ROWS);
    ASSERT_EQ(f.run({x.data() + x_first, Shape(lengths), x_strides},
                    {y.data() + y_first, Shape(lengths), y_strides}),
              "");
    // Every element, and where it must be.
    const std::vector<int> extents = f.seen("x").extents();
    std::vector<int64_t> at(order.size());
    size_t written = 0;
    for (bool more = true; more;) {
      int64_t from = x_first, to = y_first, index = 0, factor = 1;
      std::vector<int64_t> position(3), size(3, 1);
      for (size_t a = 0; a < all.size(); ++a) {
        for (size_t i = 0; i < order.size(); ++i) {
          if (order[i] != a) continue;
          const auto d = static_cast<size_t>(all[a].second);
          position[d] += at[i] * size[d];
          size[d] *= lengths[i];
        }
      }
      for (size_t d = 0; d < 3; ++d) {
        ASSERT_EQ(size[d], extents[d]);
        index += position[d] * factor;
        factor *= size[d];
      }
      for (size_t i = 0; i < order.size(); ++i) {
        from += at[i] * x_strides[static_cast<int>(i)];
        to += at[i] * y_strides[static_cast<int>(i)];
      }
      ASSERT_EQ(f.seen("x").values[static_cast<size_t>(index)], x[static_cast<size_t>(from)]);
      ASSERT_EQ(y[static_cast<size_t>(to)], x[static_cast<size_t>(from)] + 1000);
      ++written;
      more = false;
      for (size_t i = 0; i < at.size() && !more; ++i) {
        more = ++at[i] < lengths[i];
        if (!more) at[i] = 0;
      }
    }
    ASSERT_EQ(static_cast<size_t>(std::count(y.begin(), y.end(), -1.0f)), y.size() - written);
  }
}

TEST(Forms, LargeCopiesOnAllThreads) {
  Form f({B, Q, F}, ATTN_FORM_ROWS);
  std::vector<float> x = numbers(3 * 300 * 200), y(x.size());
  const Shape shape{3, 300, 200}, turned{60000, 1, 300};
  ASSERT_EQ(f.run({x.data(), shape, turned}, {y.data(), shape, turned}), "");
  for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(y[i], x[i] + 1000);
}

}  // namespace
