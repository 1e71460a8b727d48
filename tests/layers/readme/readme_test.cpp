// Every line of the READMEs that is a field of a layer, on random calls against its graph in
// double.
#include "layers/random_call.h"
#include "readme_layers.h"

namespace attn_test {
namespace {

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = subjects_of(readme::layers{});
  return all;
}

class ReadmeLines : public testing::TestWithParam<size_t> {};

TEST_P(ReadmeLines, AgreeWithTheirFormulaInDouble) {
  random_calls(subjects()[GetParam()], 40, {.scores = false});
}

INSTANTIATE_TEST_SUITE_P(Random, ReadmeLines, testing::Range(size_t{0}, subjects().size()),
                         [](const auto& info) { return short_name(subjects()[info.param]); });

}  // namespace
}  // namespace attn_test
