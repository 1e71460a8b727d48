#include "halide/pipeline.h"

#include <array>

#include "halide/families.h"

namespace attnc {

namespace {

/// Indexed by KernelFamily.
constexpr std::array attention_families{make_online, make_with_scores, make_decode};

void make(Context& context, const Attention& stage) {
  attention_families.at(static_cast<size_t>(stage.family))(context, stage);
}

}  // namespace

BuiltPath build_path(const Plan& plan, int path) {
  Context context(plan, path);
  for (const Stage& stage : context.path().stages)
    std::visit([&](const auto& s) { make(context, s); }, stage);
  Halide::Pipeline pipeline(context.finish());
  return {pipeline, context.arguments(), context.buffers()};
}

}  // namespace attnc
