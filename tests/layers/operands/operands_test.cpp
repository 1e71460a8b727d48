// Every description of layers.h on random calls against its graph in double.
#include "layers/random_call.h"
#include "operands_layers/mapped.attn.h"
#include "operands_layers/mapped_halves.attn.h"
#include "operands_layers/mapped_query.attn.h"
#include "operands_layers/shared.attn.h"
#include "operands_layers/some_given.attn.h"

namespace attn_test {
namespace {

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = subjects_of(operands::layers{});
  return all;
}

class OperandLayers : public testing::TestWithParam<size_t> {};

TEST_P(OperandLayers, AgreeWithTheirGraphInDoubleOnRandomCalls) {
  random_calls(subjects()[GetParam()], 120);
}

INSTANTIATE_TEST_SUITE_P(Random, OperandLayers, testing::Range(size_t{0}, subjects().size()),
                         [](const auto& info) { return short_name(subjects()[info.param]); });

}  // namespace
}  // namespace attn_test
