// Variants by processor: how many pipes one has, and which variant it takes.
#include "loading/pipes.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "attn/runtime/cpu.h"
#include "fake_layer.h"

namespace {

using attn::cpu_pipes;
using attn::StatusCode;

constexpr uint64_t no_features = 0, wide = ATTN_CPU_FMA, widest = ATTN_CPU_FMA | ATTN_CPU_AVX512;

class CpuPipes : public testing::Test {
 protected:
  void SetUp() override { unsetenv("ATTN_PROCESSOR"); }
  void TearDown() override { unsetenv("ATTN_PROCESSOR"); }
};

TEST_F(CpuPipes, AreThoseOfTheModel) {
  const auto known = [](const char* vendor, int family, int model) {
    const attn::Pipes pipes = attn::known_pipes({vendor, family, model});
    return std::pair(pipes.of_256, pipes.of_512);
  };
  using Numbers = std::pair<int, int>;
  EXPECT_EQ(known("AuthenticAMD", 0x17, 0x31), Numbers(2, 0));  // Zen 2
  EXPECT_EQ(known("AuthenticAMD", 0x19, 0x11), Numbers(2, 1));  // Zen 4
  EXPECT_EQ(known("AuthenticAMD", 0x1a, 0x02), Numbers(2, 2));  // Zen 5
  EXPECT_EQ(known("AuthenticAMD", 0x1a, 0x24), Numbers(0, 0));  // for laptops
  EXPECT_EQ(known("GenuineIntel", 6, 0x8f), Numbers(2, 2));     // Sapphire Rapids
  EXPECT_EQ(known("GenuineIntel", 6, 0x8c), Numbers(2, 1));     // Tiger Lake
  EXPECT_EQ(known("GenuineIntel", 6, 0x55), Numbers(0, 0));     // one or two
  EXPECT_EQ(known("GenuineIntel", 0x19, 0x11), Numbers(0, 0));
  EXPECT_EQ(known("", 0, 0), Numbers(0, 0));
}

TEST_F(CpuPipes, AreTheSameEveryTime) {
  EXPECT_EQ(*cpu_pipes(no_features), 0);
  for (const uint64_t features : {wide, widest}) {
    if ((features & ~attn::cpu_features()) != 0) continue;
    const int pipes = *cpu_pipes(features);
    EXPECT_TRUE(pipes == 1 || pipes == 2) << pipes;
    EXPECT_EQ(*cpu_pipes(features), pipes);
  }
}

// Another process on the same core takes part of its pipes: then two may look like one, and never
// one like two.
TEST_F(CpuPipes, AreNeverMeasuredAsMoreThanThereAre) {
  const attn::CpuModel cpu = attn::cpu_model();
  const attn::Pipes known = attn::known_pipes(cpu);
  if ((wide & ~attn::cpu_features()) == 0 && known.of_256 > 0) {
    EXPECT_LE(attn::measured_pipes(false), known.of_256);
  }
  if ((widest & ~attn::cpu_features()) == 0 && known.of_512 > 0) {
    EXPECT_LE(attn::measured_pipes(true), known.of_512);
  }
}

TEST_F(CpuPipes, TheVariableTakesPrecedence) {
  const int own = (wide & ~attn::cpu_features()) == 0 ? *cpu_pipes(wide) : 0;
  for (int pipes = 0; pipes <= 2; ++pipes) {
    setenv("ATTN_PROCESSOR", attn::pipe_names[static_cast<size_t>(pipes)], 1);
    EXPECT_EQ(*cpu_pipes(wide), pipes);
    EXPECT_EQ(*cpu_pipes(widest), pipes);
    EXPECT_EQ(*cpu_pipes(no_features), 0);
  }
  setenv("ATTN_PROCESSOR", "", 1);
  if (own != 0) {
    EXPECT_EQ(*cpu_pipes(wide), own);
  }
  setenv("ATTN_PROCESSOR", "zen\n4", 1);
  const auto wrong = cpu_pipes(wide);
  EXPECT_EQ(wrong.status().code(), StatusCode::invalid_argument);
  EXPECT_EQ(wrong.status().message(),
            "ATTN_PROCESSOR is `zen?4`, expected any, one_pipe or two_pipes: unset it, and the "
            "processor is recognised");
}

/// The fake layer with variants of one target for processors with one pipe, with two, and for any.
/// Their code needs no feature, so that every processor runs it; `cpu` says what they say they need.
class VariantsByPipes : public CpuPipes {
 protected:
  void SetUp() override {
    CpuPipes::SetUp();
    if ((wide & ~attn::cpu_features()) != 0) GTEST_SKIP() << "this processor has no FMA";
    for (int v = 0; v < 3; ++v) {
      variants_[v] = fake::table.variants[1];
      variants_[v].cpu = wide;
      variants_[v].pipes = (v + 1) % 3;
    }
  }
  attn_layer_table table(int first = 0) {
    return fake::changed(
        [&](attn_layer_table& t) { t.variants = variants_ + first, t.variant_count = 3 - first; });
  }
  attn::Result<attn::AnyLayer> load(const attn_layer_table& table,
                                    const attn::LoadOptions& options = {}) {
    const std::vector<attn::NamedTensor> weights = call_.weights();
    return attn::AnyLayer::load(table, std::span<const attn::NamedTensor>(weights), options);
  }
  int pipes_of(const attn_layer_table& table, const attn::LoadOptions& options = {}) {
    const auto layer = load(table, options);
    EXPECT_TRUE(layer.ok()) << layer.status().message();
    return layer.ok() ? layer->pipes() : -1;
  }

  attn_variant variants_[3];
  fake::Call call_;
};

TEST_F(VariantsByPipes, TheOneForThisProcessorIsTaken) {
  EXPECT_EQ(pipes_of(table()), *cpu_pipes(wide));
  for (int pipes = 0; pipes <= 2; ++pipes) {
    EXPECT_EQ(pipes_of(table(), {.pipes = pipes}), pipes);
    EXPECT_EQ(pipes_of(table(), {.target = "plain", .pipes = pipes}), pipes);
    setenv("ATTN_PROCESSOR", attn::pipe_names[static_cast<size_t>(pipes)], 1);
    EXPECT_EQ(pipes_of(table()), pipes);
    EXPECT_EQ(pipes_of(table(), {.pipes = 1}), 1);
  }
}

TEST_F(VariantsByPipes, WhereThereIsNoneForItTheGeneralOneIsTaken) {
  EXPECT_EQ(pipes_of(table(1), {.pipes = 1}), 0);
  EXPECT_EQ(pipes_of(table(1), {.pipes = 2}), 2);
  EXPECT_EQ(pipes_of(table(2), {.pipes = 2}), 0);
}

TEST_F(VariantsByPipes, AWrongVariableIsASentence) {
  setenv("ATTN_PROCESSOR", "zen4", 1);
  const auto layer = load(table());
  EXPECT_EQ(layer.status().code(), StatusCode::invalid_argument);
  EXPECT_EQ(layer.status().message(),
            "layer `model::fake`: ATTN_PROCESSOR is `zen4`, expected any, one_pipe or two_pipes: "
            "unset it, and the processor is recognised");
  // Who says which one, and libraries without such variants, do not ask.
  EXPECT_EQ(pipes_of(table(), {.pipes = 2}), 2);
  EXPECT_EQ(pipes_of(table(2)), 0);
  EXPECT_EQ(call_.load().pipes(), 0);
}

TEST_F(VariantsByPipes, AreNamedOnce) {
  EXPECT_EQ(load(table(), {.target = "avx1024"}).status().message(),
            "layer `model::fake`: there is no target `avx1024`, only `plain`");
}

TEST_F(VariantsByPipes, ThatAttncWouldNotMake) {
  const auto wrong = [&](const attn_layer_table& table) {
    const auto layer = load(table);
    EXPECT_EQ(layer.status().code(), StatusCode::internal);
    const std::string start = "layer `model::fake`: its table is malformed: ";
    const std::string& message = layer.status().message();
    return message.substr(start.size(), message.find(';') - start.size());
  };
  const std::string missing = "variant `plain` for any processor is missing";
  EXPECT_EQ(wrong(fake::changed([&](auto& t) { t.variants = variants_, t.variant_count = 2; })),
            missing);
  variants_[2].target = "other";
  EXPECT_EQ(wrong(table()), missing);
  variants_[2].pipes = 3;
  EXPECT_EQ(wrong(table()), "variant `other` is for processors with 3 pipes");
}

}  // namespace
