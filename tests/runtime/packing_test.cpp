// Packed weights, against a literal reading of kernel_abi.h: the place of every number.
#include "loading/packing.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace {

using attn::PackedShape;
using attn::Shape;
using attn::Tensor;

TEST(Packing, PanelsByHand) {
  // 2 rows, 2 blocks of 3 columns padded to 4, panels of 4 columns: one block per panel.
  const std::vector<float> w{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const attn_packing packing{0, ATTN_PACK_PANELS, 1, 0, 0, 3, 4, 4, 2.0};
  const auto shape = attn::packed_shape(packing, Shape{2, 2, 3});
  ASSERT_TRUE(shape.ok());
  std::vector<float> to(static_cast<size_t>(shape->numbers()), -1);
  attn::pack(packing, *shape, {w, {2, 2, 3}}, to.data());
  EXPECT_EQ(to, (std::vector<float>{2, 4, 6, 0, 14, 16, 18, 0, 8, 10, 12, 0, 20, 22, 24, 0}));
}

TEST(Packing, VectorByHand) {
  const std::vector<float> w{1, 2, 3, 4, 5, 6};
  const attn_packing packing{0, ATTN_PACK_VECTOR, 0, 0, 0, 3, 4, 16, 1.0};
  const auto shape = attn::packed_shape(packing, Shape{2, 3});
  ASSERT_TRUE(shape.ok());
  std::vector<float> to(static_cast<size_t>(shape->numbers()), -1);
  attn::pack(packing, *shape, {w, {2, 3}}, to.data());
  EXPECT_EQ(to, (std::vector<float>{1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Packing, EveryFloatingType) {
  const attn_packing packing{0, ATTN_PACK_VECTOR, 0, 0, 0, 0, 0, 1, 1.0 / 3};
  const auto shape = attn::packed_shape(packing, Shape{4});
  ASSERT_TRUE(shape.ok());
  auto check = [&](const Tensor& weight, const std::vector<double>& numbers) {
    std::vector<float> narrow(4);
    std::vector<double> wide(4);
    attn::pack(packing, *shape, weight, narrow.data());
    attn::pack(packing, *shape, weight, wide.data());
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(wide[i], numbers[i] * (1.0 / 3));
      EXPECT_EQ(narrow[i], static_cast<float>(numbers[i] * (1.0 / 3)));  // rounded once
    }
  };
  const std::vector<float> f32{1, -2, 0.1f, 1e-40f};
  check({f32, {4}}, {1, -2, 0.1f, 1e-40f});
  const std::vector<double> f64{1, 0.1, 1 + 0x1p-25, 1e-300};
  check({f64, {4}}, f64);
  const uint16_t f16[] = {0x3c00, 0xc000, 0x0001, 0x3555},
                 brain[] = {0x3f80, 0xc000, 0x0001, 0x3eab};
  check({f16, attn::DType::float16, {4}}, {1, -2, 0x1p-24, 0.333251953125});
  check({brain, attn::DType::bfloat16, {4}}, {1, -2, 0x1p-133, 0.333984375});
}

TEST(Packing, RandomShapesAndStrides) {
  std::mt19937 random(11);
  auto draw = [&](int64_t below) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(below));
  };
  for (int round = 0; round < 500; ++round) {
    const int rank = 1 + static_cast<int>(draw(4));
    std::vector<int64_t> extents, strides(static_cast<size_t>(rank));
    for (int i = 0; i < rank; ++i) extents.push_back(1 + draw(7));
    int64_t step = 1 + draw(2);
    const bool columns_first = draw(2) == 0;  // Fortran's order, or C's
    for (int i = 0; i < rank; ++i) {
      const size_t axis = static_cast<size_t>(columns_first ? i : rank - 1 - i);
      strides[axis] = step;
      step *= extents[axis];
    }
    std::vector<float> w(static_cast<size_t>(step) + 1);
    for (float& x : w) x = static_cast<float>(1 + draw(1 << 20));

    attn_packing p{};
    p.kind = draw(2) == 0 ? ATTN_PACK_PANELS : ATTN_PACK_VECTOR;
    p.contracted = p.kind == ATTN_PACK_VECTOR ? 0 : static_cast<uint8_t>(draw(rank + 1));
    p.panel_width = static_cast<int32_t>(1 + draw(9));
    p.scale = 0.5;
    int64_t rows = 1, columns = 1;
    for (int i = 0; i < rank; ++i)
      (i < p.contracted ? rows : columns) *= extents[static_cast<size_t>(i)];
    auto block = [&](int64_t n, int32_t& size, int32_t& padded) {
      if (draw(3) == 0) return;
      do size = static_cast<int32_t>(1 + draw(n));
      while (n % size != 0);
      padded = size + static_cast<int32_t>(draw(4));
    };
    block(rows, p.row_block, p.row_block_padded);
    block(columns, p.column_block, p.column_block_padded);

    // Unaligned, since nothing guarantees alignment.
    std::vector<std::byte> bytes(w.size() * sizeof(float) + 1);
    std::memcpy(bytes.data() + 1, w.data(), w.size() * sizeof(float));
    const Tensor weight(bytes.data() + 1, attn::DType::float32, extents, strides);
    const auto shape = attn::packed_shape(p, weight.shape());
    ASSERT_TRUE(shape.ok()) << shape.status().message();
    std::vector<float> packed(static_cast<size_t>(shape->numbers()), -1);
    attn::pack(p, *shape, weight, packed.data());

    // The reference: a padded matrix, and then its panels.
    auto padded = [](int64_t n, int32_t size, int32_t with) {
      return size == 0 ? n : n / size * with;
    };
    auto place = [](int64_t i, int32_t size, int32_t with) {
      return size == 0 ? i : i / size * with + i % size;
    };
    const int64_t all_rows = padded(rows, p.row_block, p.row_block_padded);
    const int64_t panels =
        (padded(columns, p.column_block, p.column_block_padded) + p.panel_width - 1) /
        p.panel_width;
    std::vector<float> matrix(static_cast<size_t>(all_rows * panels * p.panel_width));
    const int64_t width = panels * p.panel_width;
    for (int64_t i = 0; i < rows * columns; ++i) {
      int64_t rest = i, offset = 0;
      for (size_t axis = extents.size(); axis-- > 0;) {
        offset += rest % extents[axis] * strides[axis];
        rest /= extents[axis];
      }
      const int64_t r = place(i / columns, p.row_block, p.row_block_padded);
      const int64_t c = place(i % columns, p.column_block, p.column_block_padded);
      matrix[static_cast<size_t>(r * width + c)] = 0.5f * w[static_cast<size_t>(offset)];
    }
    std::vector<float> expected;
    for (int64_t panel = 0; panel < panels; ++panel) {
      for (int64_t r = 0; r < all_rows; ++r) {
        for (int64_t lane = 0; lane < p.panel_width; ++lane) {
          expected.push_back(matrix[static_cast<size_t>(r * width + panel * p.panel_width + lane)]);
        }
      }
    }
    ASSERT_EQ(packed, expected) << "round " << round;
  }
}

TEST(Packing, WhatDoesNotFit) {
  attn_packing p{0, ATTN_PACK_PANELS, 1, 0, 0, 4, 8, 16, 1.0};
  auto uneven = attn::packed_shape(p, Shape{2, 6});
  EXPECT_EQ(uneven.status().code(), attn::StatusCode::internal);
  EXPECT_EQ(
      uneven.status().message(),
      "its 2 x 6 numbers do not divide into blocks of 0 x 4 as the library wants them packed; "
      "please report it");
  for (const Shape& shape : {Shape{1 << 20, 1 << 20}, Shape{int64_t{1} << 40, 4},
                             Shape{int64_t{1} << 62, int64_t{1} << 62}, Shape{1 << 16, 1 << 15}}) {
    auto large = attn::packed_shape(p, shape);
    EXPECT_EQ(large.status().code(), attn::StatusCode::unsupported);
    EXPECT_EQ(large.status().message(),
              "it has more than 2^31 - 1 numbers when packed: split the layer");
  }
  EXPECT_EQ(attn::packed_shape(p, Shape{0, 4})->numbers(), 0);
}

}  // namespace
