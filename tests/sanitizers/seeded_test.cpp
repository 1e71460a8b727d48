// seeded_test.cpp - seeded errors that a sanitizer has to find, in code that could easily escape
// it: kernels and the workspace. Each runs on its own, and passes if its report appears
// (CMakeLists.txt).
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "calls/arena.h"
#include "layers/property/cases.h"

namespace attn_test {
namespace {

/// One call of the smallest layer on 40 positions.
attn::Status call(const attn::AnyLayer& layer, const std::vector<float>& x, float* y,
                  attn::Executor& executor) {
  constexpr int positions = 40;
  const attn::Tensor in(x, attn::Shape{1, positions, 16});
  const std::vector<attn::NamedTensor> inputs{{"query", in}, {"value", in}};
  const std::vector<attn::NamedMutableTensor> outputs{
      {"output", {y, attn::DType::float32, attn::Shape{1, positions, 16}}}};
  attn::Workspace scratch;
  return layer.run(std::span<const attn::NamedTensor>(inputs),
                   std::span<const attn::NamedMutableTensor>(outputs), scratch,
                   {.executor = &executor});
}

attn::Result<attn::AnyLayer> small_layer() {
  Random r(1);
  Call c;
  c.query_features = c.key_features = c.value_features = c.output_features = 16;
  return load(subjects()[0], c, draw_weights(r, subjects()[0], c), targets_here()[0]);
}

TEST(DISABLED_Seeded, KernelWritesPastItsOutput) {
  const auto layer = small_layer();
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  const std::vector<float> x(40 * 16);
  const auto y = std::make_unique<float[]>(40 * 16 - 1);
  EXPECT_TRUE(call(*layer, x, y.get(), attn::serial_executor()).ok());
}

TEST(DISABLED_Seeded, KernelReadsPastItsInput) {
  const auto layer = small_layer();
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  const auto x = std::make_unique<float[]>(40 * 16 - 1);
  std::vector<float> y(40 * 16);
  const attn::Tensor in(x.get(), attn::DType::float32, attn::Shape{1, 40, 16});
  const std::vector<attn::NamedTensor> inputs{{"query", in}, {"value", in}};
  const std::vector<attn::NamedMutableTensor> outputs{{"output", {y, attn::Shape{1, 40, 16}}}};
  attn::Workspace scratch;
  EXPECT_TRUE(layer
                  ->run(std::span<const attn::NamedTensor>(inputs),
                        std::span<const attn::NamedMutableTensor>(outputs), scratch,
                        {.executor = &attn::serial_executor()})
                  .ok());
}

TEST(DISABLED_Seeded, BlockOfTheWorkspaceIsOverrun) {
  void* memory = std::aligned_alloc(128, 1024);
  attn::Arena arena(static_cast<std::byte*>(memory), 1024);
  auto* first = static_cast<volatile float*>(arena.allocate(12));
  arena.allocate(128);
  first[2] = 1;
  first[3] = 1;
  std::free(memory);
}

TEST(DISABLED_Seeded, TwoCallsWriteOneOutput) {
  const auto layer = small_layer();
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  const std::vector<float> x(40 * 16);
  std::vector<float> y(x.size());
  std::thread other([&] { EXPECT_TRUE(call(*layer, x, y.data(), attn::serial_executor()).ok()); });
  EXPECT_TRUE(call(*layer, x, y.data(), attn::serial_executor()).ok());
  other.join();
}

}  // namespace
}  // namespace attn_test
