// dot_product_test.cpp - attention without projections against a reference in double: random
// shapes, both orders of heads and positions in memory, masks, one query and few (whose kernels
// split the keys) and many, on every variant and with any number of threads.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "layers/property/cases.h"
#include "property_layers/heads_of_40.attn.h"
#include "property_layers/heads_of_5.attn.h"
#include "property_layers/heads_of_64.attn.h"
#include "property_layers/heads_of_8.attn.h"

namespace attn_test {
namespace {

struct Heads {
  const attn_layer_table* table;
  int query_heads, key_heads, size, value_size;
  bool uniform;
  std::function<bool(int, int, int, int)> own_mask;  // of query, key, queries, keys
};

const std::vector<Heads>& subjects_on_heads() {
  static const std::vector<Heads> all{
      {&attn::Binding<property::heads_of_8>::table(), 4, 4, 8, 8, false, {}},
      {&attn::Binding<property::heads_of_40>::table(), 6, 2, 40, 24, false,
       [](int q, int k, int T, int S) { return k <= q + (S - T); }},
      {&attn::Binding<property::heads_of_5>::table(), 3, 1, 5, 7, true,
       [](int q, int k, int, int) { return k <= q; }},
      {&attn::Binding<property::heads_of_64>::table(), 16, 2, 64, 64, false, {}},
  };
  return all;
}

/// A [batch, position, head, size] array whose memory is [batch, position, head, size] or [batch,
/// head, position, size], with gaps between rows.
struct Array {
  std::vector<float> memory;
  attn::Shape shape, strides;
  Array(Random& r, int batch, int positions, int heads, int size, bool fill = true) {
    const int64_t row = size + draw_of(r, {0, 0, 3});
    shape = {batch, positions, heads, size};
    if (draw(r, 0, 1))
      strides = {positions * heads * row, heads * row, row, 1};
    else
      strides = {positions * heads * row, row, positions * row, 1};
    memory =
        fill ? numbers(r, static_cast<size_t>(batch * positions * heads * row) + 1)
             : std::vector<float>(static_cast<size_t>(batch * positions * heads * row) + 1, -7.0f);
  }
  float& at(int b, int p, int h, int i) {
    return memory[static_cast<size_t>(b * strides[0] + p * strides[1] + h * strides[2] + i)];
  }
};

/// Output [batch, query, head, size] and probabilities [batch, head, query, key].
struct Wanted {
  std::vector<double> output, scores;
};
Wanted reference(const Heads& s, Array& q, Array& k, Array& v,
                 const std::function<bool(int b, int t, int j)>& sees) {
  const int B = static_cast<int>(q.shape[0]), T = static_cast<int>(q.shape[1]),
            S = static_cast<int>(k.shape[1]);
  std::vector<double> want, want_scores(static_cast<size_t>(B * s.query_heads * T * S));
  std::vector<double> p(static_cast<size_t>(S));
  for (int b = 0; b < B; ++b) {
    for (int t = 0; t < T; ++t) {
      for (int h = 0; h < s.query_heads; ++h) {
        const int own = h / (s.query_heads / s.key_heads);
        double maximum = -INFINITY, sum = 0;
        for (int j = 0; j < S; ++j) {
          if (!sees(b, t, j)) continue;
          double dot = 0;
          for (int i = 0; i < s.size; ++i)
            dot += static_cast<double>(q.at(b, t, h, i)) * k.at(b, j, own, i);
          maximum = std::max(maximum, p[static_cast<size_t>(j)] = dot / std::sqrt(s.size));
        }
        const bool any = maximum > -INFINITY;
        for (int j = 0; j < S; ++j) {
          double& e = p[static_cast<size_t>(j)];
          e = sees(b, t, j) ? std::exp(e - maximum) : 0.0;
          sum += e;
        }
        for (int j = 0; j < S; ++j) {
          double& e = p[static_cast<size_t>(j)];
          e = any ? e / sum : s.uniform ? 1.0 / S : 0.0;
          want_scores[static_cast<size_t>(((b * s.query_heads + h) * T + t) * S + j)] = e;
        }
        for (int i = 0; i < s.value_size; ++i) {
          double x = 0;
          for (int j = 0; j < S; ++j) x += p[static_cast<size_t>(j)] * v.at(b, j, own, i);
          want.push_back(x);
        }
      }
    }
  }
  return {want, want_scores};
}

void one_draw_of_heads(Random& r, attn::ThreadPool& two, attn::ThreadPool& seven) {
  const auto& all = subjects_on_heads();
  const Heads& s = all[static_cast<size_t>(draw(r, 0, static_cast<int>(all.size()) - 1))];
  const int B = draw_of(r, {1, 1, 2, 3}),
            T = draw_of(r, {1, 1, 1, 2, 3, 5, 16, 17, 63, 64, 65, 130});
  const int S = draw_of(r, {1, 2, 9, 16, 33, 64, 100, 255, 256, 257, 511, 512, 513, 1025});
  const bool with_scores = draw(r, 0, 3) == 0;
  Array q(r, B, T, s.query_heads, s.size), k(r, B, S, s.key_heads, s.size),
      v(r, B, S, s.key_heads, s.value_size);
  std::vector<uint8_t> mask;
  const int mask_kind = draw(r, 0, 2);  // none, [queries, keys], [batch, 1, keys]
  if (mask_kind) {
    mask.resize(static_cast<size_t>((mask_kind == 1 ? T : B) * S));
    const int seen_of_ten = draw_of(r, {0, 3, 8});
    for (uint8_t& m : mask) m = draw(r, 1, 10) <= seen_of_ten;
  }
  const auto sees = [&](int b, int t, int j) {
    if (s.own_mask && !s.own_mask(t, j, T, S)) return false;
    return mask.empty() || mask[static_cast<size_t>((mask_kind == 1 ? t : b) * S + j)] != 0;
  };

  const auto [want, want_scores] = reference(s, q, k, v, sees);

  const std::string text = std::string(s.table->name) + ", batch " + std::to_string(B) + ", " +
                           std::to_string(T) + " queries, " + std::to_string(S) + " keys, mask " +
                           std::to_string(mask_kind) + (with_scores ? ", with scores" : "");
  for (const std::string& target : targets_here()) {
    const auto layer =
        attn::AnyLayer::load(*s.table, std::span<const attn::NamedTensor>(), {.target = target});
    ASSERT_TRUE(layer.ok()) << layer.status().message();
    std::vector<float> first;
    for (attn::Executor* executor : {&attn::serial_executor(), static_cast<attn::Executor*>(&two),
                                     static_cast<attn::Executor*>(&seven)}) {
      Random same(3);
      Array y(same, B, T, s.query_heads, s.value_size, false);
      std::vector<float> scores(want_scores.size(), -7.0f);
      std::vector<attn::NamedTensor> inputs{
          {"query", attn::Tensor(q.memory.data(), q.shape, q.strides)},
          {"key", attn::Tensor(k.memory.data(), k.shape, k.strides)},
          {"value", attn::Tensor(v.memory.data(), v.shape, v.strides)}};
      const attn::Shape mask_shape = mask_kind == 1 ? attn::Shape{T, S} : attn::Shape{B, 1, S};
      if (mask_kind) {
        inputs.push_back(
            {"attention_mask", attn::Tensor(mask.data(), attn::DType::boolean, mask_shape)});
      }
      std::vector<attn::NamedMutableTensor> outputs{
          {"output", attn::MutableTensor(y.memory.data(), y.shape, y.strides)}};
      if (with_scores) outputs.push_back({"attention_scores", {scores, {B, s.query_heads, T, S}}});
      attn::Workspace scratch;
      const attn::Status status = layer->run(std::span<const attn::NamedTensor>(inputs),
                                             std::span<const attn::NamedMutableTensor>(outputs),
                                             scratch, {.executor = executor});
      ASSERT_TRUE(status.ok()) << text << ": " << status.message();
      if (first.empty()) {
        size_t n = 0;
        for (int b = 0; b < B; ++b) {
          for (int t = 0; t < T; ++t) {
            for (int h = 0; h < s.query_heads; ++h) {
              for (int i = 0; i < s.value_size; ++i) {
                ASSERT_NEAR(y.at(b, t, h, i), want[n++], 1e-5) << text << " on " << target;
              }
            }
          }
        }
        for (size_t i = 0; with_scores && i < scores.size(); ++i) {
          ASSERT_NEAR(scores[i], want_scores[i], 2e-6) << text << " on " << target << ", scores";
        }
        first = y.memory;
      } else {
        ASSERT_EQ(0, std::memcmp(first.data(), y.memory.data(), first.size() * sizeof(float)))
            << text << " on " << target << " with " << executor->worker_count() << " threads";
      }
    }
  }
}

TEST(RandomHeads, AgreeWithTheReferenceOnEveryVariantWithAnyNumberOfThreads) {
  const char* seed_text = std::getenv("ATTN_SEED");
  const char* draws_text = std::getenv("ATTN_DRAWS");
  const unsigned seed = seed_text ? static_cast<unsigned>(std::strtoul(seed_text, nullptr, 10))
                                  : std::random_device()();
  const int draws = draws_text ? std::atoi(draws_text) : 200;
  std::cout << "ATTN_SEED=" << seed << ", " << draws << " draws" << std::endl;
  attn::ThreadPool two(2), seven(7);
  for (int i = 0; i < draws; ++i) {
    Random r(seed + static_cast<unsigned>(i));
    one_draw_of_heads(r, two, seven);
    if (HasFatalFailure()) {
      FAIL() << "repeat with ATTN_SEED=" << seed + static_cast<unsigned>(i) << " ATTN_DRAWS=1";
    }
  }
}

// Float32 represents the products, the scores and their differences exactly, so only the rounding
// of the kernels remains: a score's distance from the maximum must be exact, however large the
// score is. Runs of 256 keys have maxima of their own; at 1e10 only the last run counts.
TEST(LargeScores, KeepTheirDistanceFromTheMaximum) {
  const Heads& s = subjects_on_heads().back();
  struct Size {
    float query, key, step;  // score: query * key / 8, plus `step` per run of keys
  };
  for (const Size& size : {Size{1400, 1400, 1}, Size{-1400, 1400, 1}, Size{1e5F, 8e5F, 131072}}) {
    for (const int T : {1, 9, 70}) {
      Random r(11);
      const int S = 700;
      Array q(r, 1, T, s.query_heads, s.size), k(r, 1, S, s.key_heads, s.size),
          v(r, 1, S, s.key_heads, s.value_size);
      const auto fill = [&](Array& a, int positions, int heads, auto number) {
        for (int p = 0; p < positions; ++p)
          for (int h = 0; h < heads; ++h)
            for (int i = 0; i < s.size; ++i) a.at(0, p, h, i) = number(p, i);
      };
      fill(q, T, s.query_heads, [&](int t, int i) {
        return i == 0   ? size.query
               : i == 1 ? 8.0F
               : i == 2 ? 8.0F * static_cast<float>(1 + t % 3)
                        : 0.0F;
      });
      fill(k, S, s.key_heads, [&](int j, int i) {
        return i == 0                     ? size.key
               : i == 1                   ? size.step * static_cast<float>(j / 256)
               : i == 2 && size.step == 1 ? static_cast<float>(j % 5)
                                          : 0.0F;
      });
      const Wanted want = reference(s, q, k, v, [](int, int, int) { return true; });
      for (const std::string& target : targets_here()) {
        const auto layer = attn::AnyLayer::load(*s.table, std::span<const attn::NamedTensor>(),
                                                {.target = target});
        ASSERT_TRUE(layer.ok()) << layer.status().message();
        for (const bool with_scores : {false, true}) {
          std::vector<float> y(want.output.size(), -7.0F), scores(want.scores.size(), -7.0F);
          const std::vector<attn::NamedTensor> inputs{
              {"query", attn::Tensor(q.memory.data(), q.shape, q.strides)},
              {"key", attn::Tensor(k.memory.data(), k.shape, k.strides)},
              {"value", attn::Tensor(v.memory.data(), v.shape, v.strides)}};
          std::vector<attn::NamedMutableTensor> outputs{
              {"output", {y, {1, T, s.query_heads, s.value_size}}}};
          if (with_scores)
            outputs.push_back({"attention_scores", {scores, {1, s.query_heads, T, S}}});
          attn::Workspace scratch;
          const attn::Status status = layer->run(inputs, outputs, scratch);
          ASSERT_TRUE(status.ok()) << status.message();
          for (size_t i = 0; i < y.size(); ++i)
            ASSERT_NEAR(y[i], want.output[i], 2e-6)
                << target << ", " << T << " queries, scores of " << size.query * size.key / 8;
          for (size_t i = 0; with_scores && i < scores.size(); ++i)
            ASSERT_NEAR(scores[i], want.scores[i], 1e-7) << target << ", " << T << " queries";
        }
      }
    }
  }
}

std::vector<float> output_of(const Heads& s, const std::string& target, Array& q, Array& k,
                             Array& v) {
  const attn::Shape shape{q.shape[0], q.shape[1], s.query_heads, s.value_size};
  std::vector<float> y(static_cast<size_t>(shape.elements()), -7.0F);
  const auto layer =
      attn::AnyLayer::load(*s.table, std::span<const attn::NamedTensor>(), {.target = target});
  EXPECT_TRUE(layer.ok()) << layer.status().message();
  if (!layer.ok()) return y;
  const std::vector<attn::NamedTensor> inputs{
      {"query", attn::Tensor(q.memory.data(), q.shape, q.strides)},
      {"key", attn::Tensor(k.memory.data(), k.shape, k.strides)},
      {"value", attn::Tensor(v.memory.data(), v.shape, v.strides)}};
  const std::vector<attn::NamedMutableTensor> outputs{{"output", {y, shape}}};
  attn::Workspace scratch;
  const attn::Status status = layer->run(inputs, outputs, scratch);
  EXPECT_TRUE(status.ok()) << status.message();
  return y;
}

// Calls of one query, of few and of many have kernels of their own.
TEST(NonFiniteHeads, ReachTheRowsThatMaySeeThemAndNoOthers) {
  const Heads& s = subjects_on_heads()[1];
  const int S = 600, group = s.query_heads / s.key_heads;
  for (const int T : {1, 2, 9, 16, 17, 70}) {
    Random r(7);
    Array q(r, 1, T, s.query_heads, s.size), k(r, 1, S, s.key_heads, s.size),
        v(r, 1, S, s.key_heads, s.value_size);
    const int bad_key = S - 1 - T / 2, bad_query = T / 2;
    for (const std::string& target : targets_here()) {
      const std::vector<float> clean = output_of(s, target, q, k, v);
      for (const float bad : {NAN, INFINITY, -INFINITY}) {
        for (const bool in_key : {true, false}) {
          float& number = in_key ? k.at(0, bad_key, 1, 3) : q.at(0, bad_query, group, 3);
          const float kept = number;
          number = bad;
          const std::vector<float> y = output_of(s, target, q, k, v);
          number = kept;
          for (int t = 0; t < T; ++t) {
            for (int h = 0; h < s.query_heads; ++h) {
              const bool reached = in_key ? h / group == 1 && s.own_mask(t, bad_key, T, S)
                                          : h == group && t == bad_query;
              const size_t row = static_cast<size_t>((t * s.query_heads + h) * s.value_size);
              for (size_t i = row; i < row + static_cast<size_t>(s.value_size); ++i) {
                if (!reached) {
                  ASSERT_EQ(y[i], clean[i]) << target << ", " << T << " queries, row " << t;
                } else if (std::isnan(bad)) {  // infinite ones may give scores of minus infinity
                  ASSERT_TRUE(std::isnan(y[i])) << target << ", " << T << " queries, row " << t;
                }
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace attn_test
