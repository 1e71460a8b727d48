#include "attn/runtime/tensor.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "attn/runtime/cpu.h"
#include "attn/runtime/workspace.h"

namespace {

using attn::DType;
using attn::MutableTensor;
using attn::Shape;
using attn::Tensor;

TEST(Tensor, DescribesItself) {
  std::vector<float> x(160);
  EXPECT_EQ(Tensor(x, {2, 5, 16}).describe(), "float32 [2, 5, 16]");
  EXPECT_EQ(Tensor(x.data(), {2, 3, 16}, {80, 32, 1}).describe(),
            "float32 [2, 3, 16] strides [80, 32, 1]");
  EXPECT_EQ(Tensor(x.data(), {1, 3, 16}, {7, 16, 1}).describe(), "float32 [1, 3, 16]");
  EXPECT_EQ(Tensor(x.data(), DType::bfloat16, {320}).describe(), "bfloat16 [320]");
  EXPECT_EQ(Tensor().describe(), "absent");
  const bool flag = true;
  EXPECT_EQ(Tensor::flag(flag).describe(), "bool []");
  EXPECT_EQ(Tensor(x.data(), {1, 1, 1, 1, 1, 1, 1, 1, 9}).describe(),
            "float32 [1, 1, 1, 1, 1, 1, 1, 1, ...]");
}

TEST(Tensor, KnowsWhatItWasMadeFrom) {
  std::vector<int64_t> x(6);
  const Tensor view(x, {2, 3});
  EXPECT_TRUE(view.present());
  EXPECT_EQ(view.data(), x.data());
  EXPECT_EQ(view.dtype(), DType::int64);
  EXPECT_EQ(view.capacity(), 6);
  EXPECT_EQ(view.strides(), (Shape{3, 1}));
  MutableTensor out(x, {3, 2});
  EXPECT_EQ(out.data(), x.data());
  EXPECT_EQ(static_cast<const Tensor&>(out).capacity(), 6);
  EXPECT_EQ(Tensor(x.data(), {2, 3}).capacity(), -1);
  EXPECT_FALSE(Tensor().present());
  // Without elements, but still present.
  EXPECT_TRUE(Tensor(static_cast<const float*>(nullptr), {0, 3}).present());
  EXPECT_EQ((Shape{3, 0, INT64_MAX}).elements(), 0);
  EXPECT_EQ((Shape{3, INT64_MAX}).elements(), INT64_MAX);
}

TEST(Workspace, GrowsAndIsAligned) {
  attn::Workspace w;
  EXPECT_EQ(w.bytes(), 0u);
  ASSERT_TRUE(w.reserve(100).ok());
  EXPECT_GE(w.bytes(), 100u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(w.data()) % 128, 0u);
  std::byte* before = w.data();
  ASSERT_TRUE(w.reserve(50).ok());
  EXPECT_EQ(w.data(), before);
  ASSERT_TRUE(w.reserve(100000).ok());
  attn::Workspace moved = std::move(w);
  EXPECT_EQ(moved.bytes(), 100000u);
  EXPECT_EQ(w.bytes(), 0u);
  moved = attn::Workspace();
  EXPECT_EQ(moved.bytes(), 0u);
  const attn::Status s = moved.reserve(SIZE_MAX / 2 / 128 * 128);
  EXPECT_EQ(s.code(), attn::StatusCode::unsupported);
}

TEST(Workspace, OverLentMemoryDoesNotGrow) {
  alignas(128) std::byte memory[1024];
  attn::Workspace w{std::span(memory).subspan(1)};
  EXPECT_EQ(w.bytes(), 1024u - 128u);
  EXPECT_EQ(w.data(), memory + 128);
  EXPECT_TRUE(w.reserve(896).ok());
  const attn::Status s = w.reserve(897);
  EXPECT_EQ(s.code(), attn::StatusCode::invalid_argument);
  EXPECT_EQ(
      s.message(),
      "the workspace has 896 bytes of lent memory and the call needs 897: lend more, or use a "
      "Workspace that owns its memory");
  attn::Workspace tiny{std::span(memory).subspan(1, 5)};
  EXPECT_EQ(tiny.bytes(), 0u);
}

TEST(Cpu, NamesFeatures) {
  EXPECT_EQ(attn::describe_cpu_features(ATTN_CPU_FMA | ATTN_CPU_AVX2), "FMA, AVX2");
  EXPECT_EQ(attn::describe_cpu_features(uint64_t{1} << 40), "bit 40");
  EXPECT_EQ(attn::describe_cpu_features(0), "");
  // A CPU with the later features has the earlier ones too.
  const uint64_t cpu = attn::cpu_features();
  EXPECT_TRUE((cpu & ATTN_CPU_AVX512) == 0 || (cpu & ATTN_CPU_AVX2) != 0);
  EXPECT_TRUE((cpu & ATTN_CPU_AVX2) == 0 || (cpu & ATTN_CPU_AVX) != 0);
}

}  // namespace
