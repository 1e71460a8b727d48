// Every description of layers.h on random calls against its graph in double.
#include "layers/random_call.h"
#include "layers/targets.h"
#include "masks_layers/bigbird.attn.h"
#include "masks_layers/by_head.attn.h"
#include "masks_layers/dilated.attn.h"
#include "masks_layers/documents.attn.h"
#include "masks_layers/drafts.attn.h"
#include "masks_layers/far_heads.attn.h"
#include "masks_layers/hashed.attn.h"
#include "masks_layers/neighbourhood.attn.h"
#include "masks_layers/not_near.attn.h"
#include "masks_layers/padded.attn.h"
#include "masks_layers/prefix.attn.h"
#include "masks_layers/raster.attn.h"
#include "masks_layers/raw.attn.h"
#include "masks_layers/sigmoid.attn.h"
#include "masks_layers/sigmoid_of_lengths.attn.h"
#include "masks_layers/sinks.attn.h"
#include "masks_layers/sinks_of_halves.attn.h"
#include "masks_layers/sinks_of_queries.attn.h"
#include "masks_layers/streaming.attn.h"
#include "masks_long_layers/blocks.attn.h"
#include "masks_long_layers/either_side.attn.h"
#include "masks_long_layers/even_keys.attn.h"
#include "masks_long_layers/prefixes.attn.h"
#include "masks_long_layers/quiet.attn.h"

namespace attn_test {
namespace {

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = subjects_of(masked::layers{}, masked::long_layers{});
  return all;
}

class MaskLayers : public testing::TestWithParam<size_t> {};

TEST_P(MaskLayers, AgreeWithTheirGraphInDoubleOnRandomCalls) {
  random_calls(subjects()[GetParam()], 120);
}

INSTANTIATE_TEST_SUITE_P(Random, MaskLayers, testing::Range(size_t{0}, subjects().size()),
                         [](const auto& info) { return short_name(subjects()[info.param]); });

// By position in the order of layers/dot_product_attention.h, and by name as in every layer.
TEST(DotProductAttention, TakesQueryKeyAndValueByPosition) {
  using Layer = attn::Layer<masked::either_side>;
  auto layer = Layer::load({});
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  const std::vector<float> q(4 * 3 * 7, 1.0f), k(2 * 3 * 7, 0.0f), v(2 * 3 * 7, 7.0f);
  const attn::Tensor query(q, {1, 4, 3, 7}), key(k, {1, 2, 3, 7}), value(v, {1, 2, 3, 7});
  std::vector<float> by_position(q.size()), by_name(q.size());
  attn::Workspace scratch;
  const attn::Tensor in[] = {query, key, value};
  const attn::MutableTensor out[] = {{by_position, query.shape()}};
  ASSERT_TRUE(layer->any().run(in, out, scratch).ok());
  ASSERT_TRUE(layer
                  ->run({.query = query, .value = value, .key = key},
                        {.output = {by_name, query.shape()}}, scratch)
                  .ok());
  EXPECT_FLOAT_EQ(by_position[0], 7.0f);  // the mean of the values
  EXPECT_EQ(by_position, by_name);
}

// ---- skipped blocks are not read

constexpr int length = 700,
              far_away = 512;  // keys from far_away on are in no block of early queries

/// Random numbers; with `poison`, NaN from position far_away on.
std::vector<float> heads(int count, int size, bool poison) {
  Random random(7);
  std::normal_distribution<float> normal;
  std::vector<float> x(static_cast<size_t>(length * count * size));
  for (float& v : x) v = normal(random);
  if (poison)
    std::fill(x.begin() + far_away * count * size, x.end(),
              std::numeric_limits<float>::quiet_NaN());
  return x;
}

/// Makes the same call twice, the second time with NaN in the values of keys that the mask hides
/// from the first 300 queries. 0 * NaN is NaN, so computing a block and discarding it would show.
template <const attn::Description& layer_of, class Call>
void early_queries_are_the_same(int query_heads, int key_heads, int size, const Call& call) {
  using Layer = attn::Layer<layer_of>;
  for (const std::string& target : targets_of(attn::Binding<layer_of>::table())) {
    auto layer = Layer::load(typename Layer::Weights{}, {.target = target});
    if (!layer.ok()) {
      EXPECT_EQ(layer.status().code(), attn::StatusCode::unsupported) << layer.status().message();
      continue;  // not supported by this CPU
    }
    const std::vector<float> query = heads(query_heads, size, false),
                             key = heads(key_heads, size, false);
    std::vector<float> made[2];
    for (bool poison : {false, true}) {
      const std::vector<float> value = heads(key_heads, size, poison);
      std::vector<float>& out = made[poison];
      out.assign(query.size(), 0.0f);
      attn::Workspace scratch;
      const attn::Status s =
          call(*layer, attn::Tensor(query, {1, length, query_heads, size}),
               attn::Tensor(value, {1, length, key_heads, size}),
               attn::Tensor(key, {1, length, key_heads, size}),
               attn::MutableTensor(out, {1, length, query_heads, size}), scratch);
      ASSERT_TRUE(s.ok()) << s.message();
    }
    for (int i = 0; i < 300 * query_heads * size; ++i)
      ASSERT_EQ(made[0][static_cast<size_t>(i)], made[1][static_cast<size_t>(i)])
          << target << ", query " << i / (query_heads * size);
    EXPECT_TRUE(std::isnan(made[1].back())) << target;
  }
}

TEST(BlocksLeftOut, AreNotReadBehindAWindow) {
  early_queries_are_the_same<masked::either_side>(
      3, 3, 7, [](auto& layer, auto query, auto value, auto key, auto out, auto& scratch) {
        return layer.run({.query = query, .value = value, .key = key}, {.output = out}, scratch);
      });
}

TEST(BlocksLeftOut, AreNotReadOfOtherDocuments) {
  std::vector<int32_t> document(length);
  for (int i = 0; i < length; ++i) document[static_cast<size_t>(i)] = i / 100;
  early_queries_are_the_same<masked::documents>(
      4, 2, 8, [&](auto& layer, auto query, auto value, auto key, auto out, auto& scratch) {
        return layer.run({.query = query,
                          .value = value,
                          .key = key,
                          .document = attn::Tensor(document, {1, length})},
                         {.output = out}, scratch);
      });
}

}  // namespace
}  // namespace attn_test
