// Every description of layers.h on random calls against its graph in double.
#include "layers/random_call.h"
#include "masks_layers/bigbird.attn.h"
#include "masks_layers/blocks.attn.h"
#include "masks_layers/by_head.attn.h"
#include "masks_layers/dilated.attn.h"
#include "masks_layers/documents.attn.h"
#include "masks_layers/drafts.attn.h"
#include "masks_layers/either_side.attn.h"
#include "masks_layers/even_keys.attn.h"
#include "masks_layers/neighbourhood.attn.h"
#include "masks_layers/not_near.attn.h"
#include "masks_layers/padded.attn.h"
#include "masks_layers/prefix.attn.h"
#include "masks_layers/prefixes.attn.h"
#include "masks_layers/quiet.attn.h"
#include "masks_layers/raster.attn.h"
#include "masks_layers/raw.attn.h"
#include "masks_layers/sigmoid.attn.h"
#include "masks_layers/sigmoid_of_lengths.attn.h"
#include "masks_layers/sinks.attn.h"
#include "masks_layers/sinks_of_halves.attn.h"
#include "masks_layers/sinks_of_queries.attn.h"
#include "masks_layers/streaming.attn.h"

namespace attn_test {
namespace {

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = subjects_of(masked::layers{});
  return all;
}

class MaskLayers : public testing::TestWithParam<size_t> {};

TEST_P(MaskLayers, AgreeWithTheirGraphInDoubleOnRandomCalls) {
  random_calls(subjects()[GetParam()], 120);
}

INSTANTIATE_TEST_SUITE_P(Random, MaskLayers, testing::Range(size_t{0}, subjects().size()),
                         [](const auto& info) { return short_name(subjects()[info.param]); });

}  // namespace
}  // namespace attn_test
