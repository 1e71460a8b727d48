// property_test.cpp - random layers, shapes, masks and strides against the reference in double.
//
// Every draw runs on every variant that this CPU supports, alone and with 2 and 7 threads: the
// numbers must be right and the bits identical. ATTN_SEED=N repeats a run, ATTN_DRAWS=N makes it
// longer.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "layers/property/cases.h"

namespace attn_test {
namespace {

/// A contiguous [batch, position, feature] array inside a larger one. The gaps hold NaN, so reading
/// past a row shows.
struct Strided {
  std::vector<float> memory;
  attn::Shape shape, strides;
  attn::Tensor view() const { return attn::Tensor(memory.data(), shape, strides); }
};

Strided strided(Random& r, const std::vector<float>& x, int batch, int positions, int features) {
  const int64_t row = features + draw_of(r, {0, 0, 1, 13}),
                image = row * positions + draw_of(r, {0, 0, 5});
  Strided s;
  s.memory.assign(static_cast<size_t>(image * batch + 64), NAN);
  s.shape = {batch, positions, features};
  s.strides = {image, row, 1};
  for (int b = 0; b < batch; ++b) {
    for (int p = 0; p < positions; ++p) {
      std::copy_n(x.begin() + (static_cast<int64_t>(b) * positions + p) * features, features,
                  s.memory.begin() + b * image + p * row);
    }
  }
  return s;
}

/// A mask of random rank, broadcast and element type, and its value for every pair.
struct DrawnMask {
  std::vector<uint8_t> bytes;
  std::vector<float> reals;
  std::vector<int32_t> integers;
  attn::Tensor view;
  std::string text;
};

DrawnMask draw_mask(Random& r, const Subject& s, Call& call) {
  DrawnMask m;
  const int rank = draw(r, 2, 4), heads = s.config.num_heads;
  std::vector<int64_t> shape;
  const auto full_or_one = [&](int full) { shape.push_back(draw(r, 0, 2) == 0 ? 1 : full); };
  if (rank > 2) full_or_one(call.batch);
  if (rank > 3) full_or_one(heads);
  full_or_one(call.queries), full_or_one(call.keys);
  int64_t n = 1;
  for (int64_t e : shape) n *= e;
  const int seen_of_ten = draw_of(r, {0, 3, 8, 10});
  m.bytes.resize(static_cast<size_t>(n));
  for (uint8_t& b : m.bytes)
    b = draw(r, 1, 10) <= seen_of_ten ? static_cast<uint8_t>(draw_of(r, {1, 1, 255})) : 0;
  const int type = draw(r, 0, 2);
  if (type == 0) m.view = attn::Tensor(m.bytes.data(), attn::DType::boolean, shape);
  // GroupQueryAttention reads numbers in two ways (tests/layers/five draws both); only numbers that
  // both read alike are drawn here.
  const bool grouped = s.config.key_heads > 0;
  for (uint8_t b : m.bytes) {
    const float some = grouped ? 0.75f : draw(r, 0, 1) ? 0.25f : 3.0f;
    m.reals.push_back(b ? some : draw(r, 0, 1) ? 0.0f : -0.0f);
    m.integers.push_back(b ? (grouped ? 256 : draw_of(r, {1, 3, 256})) : 0);
  }
  if (type == 1) m.view = attn::Tensor(m.reals.data(), shape);
  if (type == 2) m.view = attn::Tensor(m.integers.data(), shape);
  m.text = m.view.describe();
  const auto bytes = m.bytes;
  call.mask = [=](int b, int h, int t, int k) {
    const int64_t index[4] = {b, h, t, k};
    int64_t at = 0;
    for (int axis = 0; axis < rank; ++axis) {
      // Rank 3 is [batch, query, key]: the missing head axis comes before the queries.
      const int64_t i = rank == 3 && axis == 0 ? b : index[4 - rank + axis];
      const int64_t extent = shape[static_cast<size_t>(axis)];
      at = at * extent + (extent == 1 ? 0 : i);
    }
    return bytes[static_cast<size_t>(at)] != 0;
  };
  return m;
}

std::string describe(const Subject& s, const Call& c, const std::string& mask) {
  std::ostringstream text;
  text << s.table->name << ": batch " << c.batch << ", " << c.queries << " queries of "
       << c.query_features << ", " << c.keys << " keys of " << c.key_features << ", values of "
       << c.value_features << ", output " << c.output_features << (c.causal ? ", causal" : "")
       << (c.with_scores ? ", with scores" : "") << ", mask " << (mask.empty() ? "none" : mask);
  return text.str();
}

/// The rounding error of sums of some hundred products near 1; measured errors are a tenth of it.
constexpr double tolerance = 2e-5;

double worst(const float* got, const std::vector<double>& want) {
  double error = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    const double e = std::abs(got[i] - want[i]) / std::max(1.0, std::abs(want[i]));
    if (!(e <= error)) error = e;
  }
  return error;
}

void one_draw(Random& r, attn::ThreadPool& two, attn::ThreadPool& seven) {
  const Subject& s =
      subjects()[static_cast<size_t>(draw(r, 0, static_cast<int>(subjects().size()) - 1))];
  Call c;
  c.batch = draw_of(r, {1, 1, 2, 3});
  // Around the widths of vectors, tiles (16, 64) and key blocks (256), and primes.
  c.queries = draw_of(r, {1, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 101});
  c.keys = draw(r, 0, 2) == 0
               ? c.queries
               : draw_of(r, {1, 2, 3, 4, 7, 9, 16, 17, 33, 64, 67, 255, 256, 257, 300});
  c.query_features = draw_of(r, {1, 3, 16, 24}), c.key_features = draw_of(r, {1, 5, 16});
  c.value_features = draw_of(r, {1, 2, 16, 19});
  const bool key_is_value = draw(r, 0, 1) == 0;
  if (key_is_value) c.key_features = c.value_features;
  c.output_features = s.output_features ? s.output_features : c.query_features;
  c.causal = draw(r, 0, 2) == 0, c.with_scores = draw(r, 0, 1) == 0;
  const float scale = draw(r, 0, 5) == 0 ? 8.0f : 1.0f;  // with 8, exp of a score overflows
  c.query = numbers(r, static_cast<size_t>(c.batch * c.queries * c.query_features), scale);
  c.value = numbers(r, static_cast<size_t>(c.batch * c.keys * c.value_features));
  c.key = key_is_value ? c.value
                       : numbers(r, static_cast<size_t>(c.batch * c.keys * c.key_features), scale);
  const Weights w = draw_weights(r, s, c);
  DrawnMask mask;
  if (draw(r, 0, 2) != 0) mask = draw_mask(r, s, c);
  const Strided query = strided(r, c.query, c.batch, c.queries, c.query_features);
  const Strided value = strided(r, c.value, c.batch, c.keys, c.value_features);
  const Strided key = strided(r, c.key, c.batch, c.keys, c.key_features);
  const Reference want = reference_attention(s.config, w, c);
  const std::string text = describe(s, c, mask.text);
  // With large scores more of a rounding error remains in the exponent.
  const double bound = tolerance * (scale > 1 ? 100 : 1);

  std::vector<int64_t> out_shape{c.batch, c.queries};
  if (s.output_shape.empty()) out_shape.push_back(c.output_features);
  for (int64_t n : s.output_shape) out_shape.push_back(n);
  for (const std::string& target : targets_here()) {
    auto layer = load(s, c, w, target);
    ASSERT_TRUE(layer.ok()) << layer.status().message();
    std::vector<float> first_output, first_scores;
    for (attn::Executor* executor : {&attn::serial_executor(), static_cast<attn::Executor*>(&two),
                                     static_cast<attn::Executor*>(&seven)}) {
      std::vector<float> output(want.output.size(), NAN), scores(want.scores.size(), NAN);
      const bool causal = c.causal;
      std::vector<attn::NamedTensor> inputs{{"query", query.view()}, {"value", value.view()}};
      if (!key_is_value) inputs.push_back({"key", key.view()});
      if (mask.view.present()) inputs.push_back({"attention_mask", mask.view});
      if (causal) inputs.push_back({"use_causal_mask", attn::Tensor::flag(causal)});
      std::vector<attn::NamedMutableTensor> outputs{{"output", {output, out_shape}}};
      if (c.with_scores) {
        outputs.push_back({"attention_scores",
                           {scores, attn::Shape{c.batch, s.config.num_heads, c.queries, c.keys}}});
      }
      attn::Workspace scratch;
      const attn::Status status = layer->run(std::span<const attn::NamedTensor>(inputs),
                                             std::span<const attn::NamedMutableTensor>(outputs),
                                             scratch, {.executor = executor});
      ASSERT_TRUE(status.ok()) << text << ": " << status.message();
      if (first_output.empty()) {
        ASSERT_LE(worst(output.data(), want.output), bound) << text << " on " << target;
        if (c.with_scores) {
          ASSERT_LE(worst(scores.data(), want.scores), bound)
              << text << " on " << target << ", scores";
        }
        first_output = output, first_scores = scores;
      } else {
        ASSERT_EQ(0, std::memcmp(first_output.data(), output.data(), output.size() * sizeof(float)))
            << text << " on " << target << " with " << executor->worker_count() << " threads";
        ASSERT_EQ(0, std::memcmp(first_scores.data(), scores.data(),
                                 (c.with_scores ? scores.size() : 0) * sizeof(float)))
            << text << " on " << target << " with " << executor->worker_count()
            << " threads, scores";
      }
    }
  }
}

TEST(RandomLayers, AgreeWithTheReferenceOnEveryVariantWithAnyNumberOfThreads) {
  const char* seed_text = std::getenv("ATTN_SEED");
  const char* draws_text = std::getenv("ATTN_DRAWS");
  const unsigned seed = seed_text ? static_cast<unsigned>(std::strtoul(seed_text, nullptr, 10))
                                  : std::random_device()();
  const int draws = draws_text ? std::atoi(draws_text) : 400;
  std::cout << "ATTN_SEED=" << seed << ", " << draws << " draws on";
  for (const std::string& t : targets_here()) std::cout << " " << t;
  std::cout << std::endl;
  attn::ThreadPool two(2), seven(7);
  for (int i = 0; i < draws; ++i) {
    // Each draw has its own seed, so that a failing one can be run alone.
    Random r(seed + static_cast<unsigned>(i));
    one_draw(r, two, seven);
    if (HasFatalFailure()) {
      FAIL() << "repeat with ATTN_SEED=" << seed + static_cast<unsigned>(i) << " ATTN_DRAWS=1";
    }
  }
}

}  // namespace
}  // namespace attn_test
