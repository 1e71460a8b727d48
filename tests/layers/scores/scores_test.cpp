// Every description of layers.h on random calls against its graph in double, and which tables are
// accepted.
#include "layers/random_call.h"
#include "scores_layers/capped.attn.h"
#include "scores_layers/documents.attn.h"
#include "scores_layers/elsewhere.attn.h"
#include "scores_layers/functions.attn.h"
#include "scores_layers/functions_twice.attn.h"
#include "scores_layers/groups.attn.h"
#include "scores_layers/half.attn.h"
#include "scores_layers/of_keys.attn.h"
#include "scores_layers/t5.attn.h"
#include "scores_layers/t5_decoder.attn.h"
#include "scores_long_layers/relative.attn.h"
#include "scores_long_layers/remainders.attn.h"

namespace attn_test {
namespace {

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = subjects_of(scored::layers{}, scored::long_layers{});
  return all;
}

class ScoreLayers : public testing::TestWithParam<size_t> {};

TEST_P(ScoreLayers, AgreeWithTheirGraphInDoubleOnRandomCalls) {
  random_calls(subjects()[GetParam()], 120);
}

INSTANTIATE_TEST_SUITE_P(Random, ScoreLayers, testing::Range(size_t{0}, subjects().size()),
                         [](const auto& info) { return short_name(subjects()[info.param]); });

TEST(Tables, SayWhatDoesNotFit) {
  using Layer = attn::Layer<scored::of_keys>;
  auto layer = Layer::load(Layer::Weights{});
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  const std::vector<float> query(2 * 3 * 6 * 12), key(2 * 5 * 2 * 12), bias(2 * 5);
  std::vector<float> out(query.size());
  attn::Workspace scratch;
  auto call = [&](const attn::Tensor& table) {
    return layer
        ->run({.query = {query, {2, 3, 6, 12}},
               .value = {key, {2, 5, 2, 12}},
               .key = {key, {2, 5, 2, 12}},
               .bias = table},
              {.output = {out, {2, 3, 6, 12}}}, scratch)
        .message();
  };
  EXPECT_EQ(call({bias, {2, 5}}), "");
  EXPECT_EQ(call({}), "layer `scored::of_keys`: input `bias` is missing");
  EXPECT_EQ(
      call({bias, {1, 5}}),
      "layer `scored::of_keys`: input `bias` has length 1 on axis 0 (batch), expected 2 as in "
      "input `query`; got float32 [1, 5]");
  EXPECT_EQ(call({bias, {2, 1, 5}}),
            "layer `scored::of_keys`: input `bias` has 3 axes, expected 2: [batch, key]; got "
            "float32 [2, 1, 5]");
}

}  // namespace
}  // namespace attn_test
