// Masks: every element type, every rank, every broadcast, any strides.
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

/// The bits of a random true number, or of zero, of this type.
uint64_t bits_of(DType dtype, bool truth, std::mt19937& random) {
  const bool real = dtype == DType::float32 || dtype == DType::float64 || dtype == DType::float16 ||
                    dtype == DType::bfloat16;
  const unsigned width = static_cast<unsigned>(8 * attn::size_of(dtype));
  const bool natural = dtype == DType::boolean || dtype == DType::uint8;
  const uint64_t sign = uint64_t{1} << (width - 1);
  if (!truth) return real && random() % 2 == 0 ? sign : 0;  // -0.0 is false
  // One set bit anywhere makes it true, except the sign bit.
  return uint64_t{1} << random() % (natural ? width : width - 1);
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
      for (int once = 0; once < 1 << rank; ++once) {  // a set bit: this axis has length 1
        std::vector<int64_t> shape, from;             // `from`: which of the four axes it is
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
        // At an arbitrary address.
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

TEST(Mask, TheLeastNumberIsTrueAndNegativeZeroIsFalse) {
  Call call({.batch = 1, .query = 1, .key = 6});
  const attn::AnyLayer layer = call.load();
  const std::vector<float> mask{std::numeric_limits<float>::max(),        -0.0f, 0.0f,
                                std::numeric_limits<float>::denorm_min(), 0.25f, 3};
  const std::vector<bool> seen{true, false, false, true, true, true};
  ASSERT_EQ(run(layer, call, {mask, {1, 6}}), "");
  EXPECT_EQ(call.scores, fake::reference(call, false, false, [&](auto, auto, auto, int64_t s) {
                           return seen[static_cast<size_t>(s)];
                         }).scores);
}

/// A number that a mask of truths must not hold: its bits, and its text in the error message.
struct NoTruth {
  DType dtype;
  uint64_t bits;
  const char* text;
};
constexpr NoTruth no_truths[] = {
    {DType::float16, 0xfc00, "-inf (float16)"},
    {DType::float16, 0x7c00, "inf (float16)"},
    {DType::float16, 0x7e00, "nan (float16)"},
    {DType::float16, 0xfbff, "-65504 (float16)"},
    {DType::float16, 0x8001, "-5.9604645e-08 (float16)"},
    {DType::bfloat16, 0xff80, "-inf (bfloat16)"},
    {DType::bfloat16, 0x7f80, "inf (bfloat16)"},
    {DType::bfloat16, 0x7fc0, "nan (bfloat16)"},
    {DType::bfloat16, 0xff7f, "-3.3895314e+38 (bfloat16)"},
    {DType::bfloat16, 0xbf80, "-1 (bfloat16)"},
    {DType::float32, 0xff800000, "-inf (float32)"},
    {DType::float32, 0x7f800000, "inf (float32)"},
    {DType::float32, 0x7fc00000, "nan (float32)"},
    {DType::float32, 0x7f800001, "nan (float32)"},
    {DType::float32, 0xff7fffff, "-3.4028235e+38 (float32)"},
    {DType::float32, 0xce6e6b28, "-1e+09 (float32)"},
    {DType::float32, 0x80000001, "-1e-45 (float32)"},
    {DType::float64, 0xfff0000000000000, "-inf (float64)"},
    {DType::float64, 0x7ff0000000000000, "inf (float64)"},
    {DType::float64, 0x7ff8000000000000, "nan (float64)"},
    {DType::float64, 0xffefffffffffffff, "-1.7976931348623157e+308 (float64)"},
    {DType::float64, 0xbff0000000000000, "-1 (float64)"},
    {DType::int8, 0xff, "-1 (int8)"},
    {DType::int8, 0x80, "-128 (int8)"},
    {DType::int16, 0xffff, "-1 (int16)"},
    {DType::int32, 0xffffffff, "-1 (int32)"},
    {DType::int32, 0x80000000, "-2147483648 (int32)"},
    {DType::int64, ~uint64_t{0}, "-1 (int64)"},
    {DType::int64, 0x8000000000000000, "-9223372036854775808 (int64)"},
};

std::string refused(const std::string& number, const char* name = "attention_mask") {
  return "layer `model::fake`: input `" + std::string(name) + "` holds " + number +
         ", and it is a mask of truths: nonzero is visible, 0 is hidden, so a mask of numbers to "
         "add to the scores (0 visible, -inf or the least finite number hidden) would be taken for "
         "its opposite; pass `mask == 0` of such a mask, as bool, or, where the layer's "
         "description "
         "has `.score_mod`, add its numbers there: "
         "`.score_mod = [](auto s, auto at) { return s + bias[at.query][at.key]; }`";
}

TEST(Mask, NumbersThatAreNoTruthsAreRefused) {
  Call call({.batch = 2, .query = 3, .key = 5});
  const attn::AnyLayer layer = call.load();
  const int runs = fake::kernel_runs();
  for (const NoTruth& n : no_truths) {
    const size_t size = attn::size_of(n.dtype);
    // At any element, with full and broadcast shapes, any order of axes, gaps, and any address.
    const std::vector<std::vector<int64_t>> shapes{{3, 5},    {1, 5},    {3, 1},      {1, 1},
                                                   {2, 1, 5}, {2, 3, 5}, {1, 3, 3, 5}};
    for (const std::vector<int64_t>& shape : shapes) {
      int64_t elements = 1;
      for (int64_t extent : shape) elements *= extent;
      for (int64_t at = 0; at < elements; at += 1 + elements / 4) {
        for (int64_t gap : {1, 3}) {
          std::vector<int64_t> strides(shape.size());
          int64_t step = gap;
          for (size_t i = 0; i < shape.size(); ++i) {  // the first axis innermost
            strides[i] = step;
            step *= shape[i];
          }
          std::vector<std::byte> memory(static_cast<size_t>(elements * gap) * size + 1);
          std::memcpy(memory.data() + 1 + static_cast<size_t>(at * gap) * size, &n.bits, size);
          ASSERT_EQ(run(layer, call, {memory.data() + 1, n.dtype, shape, strides}),
                    refused(n.text));
          if (gap == 1) {
            ASSERT_EQ(run(layer, call, {memory.data() + 1, n.dtype, shape}), refused(n.text));
          }
        }
      }
    }
    // One element for all pairs, by strides of 0. The bytes between elements are not read.
    std::byte memory[16] = {};
    std::memcpy(memory + size, &n.bits, size);
    ASSERT_EQ(run(layer, call, {memory + size, n.dtype, {2, 3, 3, 5}, {0, 0, 0, 0}}),
              refused(n.text));
    ASSERT_EQ(run(layer, call, {memory, n.dtype, {2, 3, 3, 5}, {0, 0, 0, 0}}), "");
  }
  EXPECT_EQ(fake::kernel_runs() - runs, static_cast<int>(std::size(no_truths)));
}

TEST(Mask, ARefusedCallWritesNothing) {
  Call call({.batch = 2, .query = 3, .key = 5});
  const attn::AnyLayer layer = call.load();
  std::vector<float> mask(15, 0);
  mask[14] = -std::numeric_limits<float>::infinity();
  const std::vector<float> query = call.query;
  ASSERT_EQ(run(layer, call, {mask, {3, 5}}), refused("-inf (float32)"));
  EXPECT_EQ(call.output, std::vector<float>(call.output.size(), -1));
  EXPECT_EQ(call.scores, std::vector<float>(call.scores.size(), -1));
  EXPECT_EQ(call.query, query);
  EXPECT_EQ(mask[14], -std::numeric_limits<float>::infinity());
  // After a refused call, the layer and the workspace are still usable.
  attn::Workspace scratch;
  const attn::NamedMutableTensor out[] = {{"output", call.o()}};
  for (int i = 0; i < 2; ++i) {
    const attn::NamedTensor in[] = {
        {"query", call.q()}, {"value", call.v()}, {"attention_mask", {mask, {3, 5}}}};
    EXPECT_EQ(layer.run(in, out, scratch).ok(), i == 1);
    mask[14] = 1;
  }
}

TEST(Mask, EveryNumberOfThreadsFindsTheSameNumber) {
  Call call({.batch = 2, .query = 200, .key = 300, .query_features = 1});
  std::vector<float> mask(2 * 3 * 200 * 300, 1);
  mask[350000] = -3, mask[100001] = -2, mask[100003] = -4, mask[200000] = NAN;
  for (int threads : {1, 2, 7}) {
    attn::ThreadPool pool(threads);
    const attn::AnyLayer layer = call.load({.executor = &pool});
    ASSERT_EQ(run(layer, call, {mask, {2, 3, 200, 300}}), refused("-2 (float32)"));
  }
}

TEST(Mask, WorkspaceBytesReadsNoMask) {
  Call call;
  const attn::AnyLayer layer = call.load();
  const fake::Shapes n = call.shapes;
  const std::vector<int8_t> mask(static_cast<size_t>(n.query * n.key), -1);
  const Tensor in[] = {call.q(), call.v(), {}, {mask, {n.query, n.key}}};
  const attn::MutableTensor out[] = {call.o()};
  EXPECT_TRUE(layer.workspace_bytes(in, out, 1).ok());
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
  // Broadcast axes are not expanded: 24 bytes for any batch.
  EXPECT_EQ(needed({floats.data(), {n.batch, fake::heads, n.query, n.key}, {0, 0, n.key, 1}}),
            without + 128);
  // More elements than there are bytes in memory: the elements overlap.
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
