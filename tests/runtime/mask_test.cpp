// Masks: every element type, every rank, every way to broadcast, any stride.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "fake_layer.h"

namespace {

using attn::DType;
using attn::Tensor;
using fake::Call;

constexpr DType dtypes[] = {DType::float32, DType::float64, DType::float16, DType::bfloat16,
                            DType::boolean, DType::int8,    DType::uint8,   DType::int16,
                            DType::int32,   DType::int64};

std::string run(const attn::AnyLayer& layer, Call& call, const Tensor& mask) {
  attn::Workspace scratch;
  std::fill(call.output.begin(), call.output.end(), -1.0f);
  std::fill(call.scores.begin(), call.scores.end(), -1.0f);
  const attn::Status s =
      layer.run({{"query", call.q()}, {"value", call.v()}, {"attention_mask", mask}},
                {{"output", call.o()}, {"attention_scores", call.s()}}, scratch);
  return s.message();
}

/// Bits of a number that is true or false in this type; which of the true ones is drawn.
uint64_t bits_of(DType dtype, bool truth, std::mt19937& random) {
  const bool real = dtype == DType::float32 || dtype == DType::float64 || dtype == DType::float16 ||
                    dtype == DType::bfloat16;
  const unsigned width = static_cast<unsigned>(8 * attn::size_of(dtype));
  const uint64_t sign = uint64_t{1} << (width - 1);
  if (!truth) return real && random() % 2 == 0 ? sign : 0;  // -0.0 is false
  // One bit anywhere makes it true, the sign alone only where it is an integer.
  return uint64_t{1} << random() % (real ? width - 1 : width);
}

TEST(Mask, EveryTypeRankAndStride) {
  std::mt19937 random(20);
  Call call({.batch = 2, .query = 3, .key = 5});
  const attn::AnyLayer layer = call.load();
  const fake::Shapes n = call.shapes;
  const int64_t full[] = {n.batch, fake::heads, n.query, n.key};
  for (DType dtype : dtypes) {
    const size_t size = attn::size_of(dtype);
    for (int rank = 2; rank <= 4; ++rank) {
      for (int once = 0; once < 1 << rank; ++once) {  // bit: this axis has length 1
        std::vector<int64_t> shape, from;             // `from`: its axis of the four
        for (int i = 0; i < rank; ++i) {
          from.push_back(i >= rank - 2 ? 4 - rank + i : i);
          shape.push_back(once >> i & 1 ? 1 : full[from.back()]);
        }
        // A random order of axes in memory, and a gap of up to 2 elements after each element.
        std::vector<int64_t> order(shape.size()), strides(shape.size());
        for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
        if (random() % 2 == 0) std::shuffle(order.begin(), order.end(), random);
        int64_t step = 1 + static_cast<int64_t>(random() % 3);
        for (size_t i = order.size(); i-- > 0;) {
          strides[static_cast<size_t>(order[i])] = step;
          step *= shape[static_cast<size_t>(order[i])];
        }
        // At any address.
        const size_t shift = random() % 8;
        std::vector<std::byte> memory(static_cast<size_t>(step) * size + shift, std::byte{0xff});
        std::byte* data = memory.data() + shift;
        auto offset = [&](int64_t b, int64_t h, int64_t t, int64_t s) {
          const int64_t at[] = {b, h, t, s};
          int64_t o = 0;
          for (size_t i = 0; i < shape.size(); ++i) {
            if (shape[i] != 1) o += at[from[i]] * strides[i];
          }
          return static_cast<size_t>(o) * size;
        };
        std::vector<bool> truth(memory.size());
        for (size_t i = 0; i + size <= memory.size() - shift; i += size) {
          truth[i] = random() % 2 == 0;
          const uint64_t bits = bits_of(dtype, truth[i], random);
          std::memcpy(data + i, &bits, size);
        }
        const Tensor mask(data, dtype, shape, strides);
        ASSERT_EQ(run(layer, call, mask), "") << mask.describe();
        const fake::Reference expected = fake::reference(
            call, false, false,
            [&](int64_t b, int64_t h, int64_t t, int64_t s) { return truth[offset(b, h, t, s)]; });
        ASSERT_EQ(call.scores, expected.scores) << mask.describe();
        ASSERT_EQ(call.output, expected.output) << mask.describe();
      }
    }
  }
}

TEST(Mask, NotANumberIsTrueAndNegativeZeroIsFalse) {
  Call call({.batch = 1, .query = 1, .key = 6});
  const attn::AnyLayer layer = call.load();
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> mask{NAN,  -0.0f, 0.0f, std::numeric_limits<float>::denorm_min(),
                                -inf, -NAN};
  const std::vector<bool> seen{true, false, false, true, true, true};
  ASSERT_EQ(run(layer, call, {mask, {1, 6}}), "");
  EXPECT_EQ(call.scores, fake::reference(call, false, false, [&](auto, auto, auto, int64_t s) {
                           return seen[static_cast<size_t>(s)];
                         }).scores);
}

TEST(Mask, BytesNeedNoCopy) {
  Call call;
  const attn::AnyLayer layer = call.load();
  const fake::Shapes n = call.shapes;
  std::vector<uint8_t> bytes(static_cast<size_t>(n.query * n.key), 1);
  std::vector<float> floats(bytes.size(), 1);
  auto needed = [&](const Tensor& mask) {
    const Tensor in[] = {call.q(), call.v(), {}, mask};
    const attn::MutableTensor out[] = {call.o()};
    return *layer.workspace_bytes(in, out, 1);
  };
  const size_t without = needed({});
  EXPECT_EQ(needed({bytes, {n.query, n.key}}), without);
  EXPECT_EQ(needed({bytes.data(), {n.query, n.key}, {n.key, 0}}), without);
  EXPECT_EQ(needed({bytes.data(), {n.query, n.key}, {1, n.query}}), without + 128);
  EXPECT_EQ(needed({floats, {n.query, n.key}}), without + 128);
  // Broadcast axes are not multiplied out: 24 bytes for any batch.
  EXPECT_EQ(needed({floats.data(), {n.batch, fake::heads, n.query, n.key}, {0, 0, n.key, 1}}),
            without + 128);
  // Masks of more elements than bytes can be addressed, though never so many in memory.
  const Tensor in[] = {call.q(), call.v(), {}, {floats.data(), {2, 3, 4, 6}, {1, 1, 1, 1}}};
  const attn::MutableTensor out[] = {call.o()};
  EXPECT_TRUE(layer.workspace_bytes(in, out, 1).ok());
}

TEST(Mask, LargeOnesAreConvertedByAllThreads) {
  Call call({.batch = 2, .query = 200, .key = 300, .query_features = 1});
  attn::ThreadPool pool(3);
  const attn::AnyLayer layer = call.load({.executor = &pool});
  std::mt19937 random(3);
  std::vector<int16_t> mask(2 * 3 * 200 * 300);
  for (int16_t& m : mask) m = random() % 2 == 0 ? 256 : 0;
  ASSERT_EQ(run(layer, call, {mask, {2, 3, 200, 300}}), "");
  EXPECT_EQ(call.scores,
            fake::reference(call, false, false, [&](int64_t b, int64_t h, int64_t t, int64_t s) {
              return mask[static_cast<size_t>(((b * 3 + h) * 200 + t) * 300 + s)] != 0;
            }).scores);
}

}  // namespace
