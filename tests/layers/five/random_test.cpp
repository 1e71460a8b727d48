// Every description of layers.h on random calls against its graph in double: random_call.h.
#include "layers/five/bindings.h"
#include "layers/random_call.h"

namespace attn_test {
namespace {

class FiveLayers : public testing::TestWithParam<size_t> {};

TEST_P(FiveLayers, AgreeWithTheirGraphInDoubleOnRandomCalls) {
  random_calls(subjects()[GetParam()], 120);
}

INSTANTIATE_TEST_SUITE_P(Random, FiveLayers, testing::Range(size_t{0}, subjects().size()),
                         [](const auto& info) { return short_name(subjects()[info.param]); });

}  // namespace
}  // namespace attn_test
