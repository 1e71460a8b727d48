// large_test.cpp - tensors that span many GiB, as caches do: offsets past 2^31 bytes and 2^31
// elements.
//
// The memory is a mapping without pages; a call touches some dozens of them.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "layers/property/cases.h"

namespace attn_test {
namespace {

/// Memory for `elements` floats, of which only the touched pages exist.
class Sparse {
 public:
  explicit Sparse(int64_t elements) : bytes_(static_cast<size_t>(elements) * sizeof(float)) {
    void* at = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at != MAP_FAILED) at_ = static_cast<float*>(at);
  }
  Sparse(const Sparse&) = delete;
  Sparse& operator=(const Sparse&) = delete;
  ~Sparse() {
    if (at_) munmap(at_, bytes_);
  }
  float* at() { return at_; }

 private:
  size_t bytes_;
  float* at_ = nullptr;
};

constexpr int batch = 3, positions = 35, features = 16;
constexpr int64_t count = int64_t{batch} * positions * features;

struct Strides {
  const char* name;
  int64_t image, row;
  friend void PrintTo(const Strides& s, std::ostream* to) { *to << s.name; }
};

class Large : public testing::TestWithParam<std::tuple<std::string, Strides>> {};
INSTANTIATE_TEST_SUITE_P(
    , Large,
    testing::Combine(testing::ValuesIn(targets_here()),
                     // 3 GiB; 16 GiB with images far apart; 11 GiB with positions far apart.
                     testing::Values(Strides{"past_2_gib", int64_t{1} << 28, features},
                                     Strides{"images_far_apart", (int64_t{1} << 31) - 64, 20},
                                     Strides{"positions_far_apart", 24, 83'000'000})),
    [](const auto& info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param).name; });

TEST_P(Large, TensorsGiveTheBitsOfSmallOnes) {
  const auto& [target, strides] = GetParam();
  const Subject& s = subjects()[3];
  Random r(21);
  Call c;
  c.query_features = c.key_features = c.value_features = c.output_features = features;
  const auto layer = load(s, c, draw_weights(r, s, c), target);
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  const std::vector<float> query = numbers(r, count), value = numbers(r, count),
                           key = numbers(r, count);
  const attn::Shape shape{batch, positions, features}, far{strides.image, strides.row, 1};
  const int64_t image = strides.image, row = strides.row;
  const auto at = [=](int64_t i) {
    return i / features / positions * image + i / features % positions * row + i % features;
  };
  const int64_t reach = at(count - 1) + 1;
  Sparse large_query(reach), large_value(reach), large_key(reach), large_output(reach);
  for (Sparse* m : {&large_query, &large_value, &large_key, &large_output}) {
    ASSERT_NE(m->at(), nullptr) << "this system maps no " << reach * 4
                                << " bytes without reserving them";
  }
  for (int64_t i = 0; i < count; ++i) {
    large_query.at()[at(i)] = query[static_cast<size_t>(i)];
    large_value.at()[at(i)] = value[static_cast<size_t>(i)];
    large_key.at()[at(i)] = key[static_cast<size_t>(i)];
  }
  for (const bool with_scores : {false, true}) {
    std::vector<float> output(count), scores[2];
    const auto run = [&](attn::Tensor q, attn::Tensor v, attn::Tensor k, attn::MutableTensor y,
                         std::vector<float>& p) {
      const std::vector<attn::NamedTensor> inputs{{"query", q}, {"value", v}, {"key", k}};
      std::vector<attn::NamedMutableTensor> outputs{{"output", y}};
      p.resize(static_cast<size_t>(batch * s.config.num_heads * positions * positions));
      if (with_scores) {
        outputs.push_back({"attention_scores",
                           {p, attn::Shape{batch, s.config.num_heads, positions, positions}}});
      }
      attn::Workspace scratch;
      return layer->run(std::span<const attn::NamedTensor>(inputs),
                        std::span<const attn::NamedMutableTensor>(outputs), scratch,
                        {.executor = &attn::serial_executor()});
    };
    attn::Status status =
        run({query, shape}, {value, shape}, {key, shape}, {output, shape}, scores[0]);
    ASSERT_TRUE(status.ok()) << status.message();
    status = run({large_query.at(), shape, far}, {large_value.at(), shape, far},
                 {large_key.at(), shape, far}, {large_output.at(), shape, far}, scores[1]);
    ASSERT_TRUE(status.ok()) << status.message();
    for (int64_t i = 0; i < count; ++i)
      ASSERT_EQ(large_output.at()[at(i)], output[static_cast<size_t>(i)]) << i;
    EXPECT_EQ(scores[0], scores[1]);
  }
}

}  // namespace
}  // namespace attn_test
