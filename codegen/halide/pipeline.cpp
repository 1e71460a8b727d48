#include "halide/pipeline.h"

#include "halide/families.h"

namespace attnc {

namespace {

void make(Context& context, const Attention& stage) {
  switch (stage.family) {
    case KernelFamily::online:
      return make_online(context, stage);
    case KernelFamily::with_scores:
      return make_with_scores(context, stage);
    case KernelFamily::few:
      return make_few(context, stage);
    case KernelFamily::decode:
      return make_decode(context, stage);
  }
}

}  // namespace

BuiltKernel build_path(const Plan& plan, int path) {
  Context context(plan, path);
  for (const Stage& stage : context.path().stages)
    std::visit([&](const auto& s) { make(context, s); }, stage);
  Halide::Pipeline pipeline(context.finish());
  return {pipeline, context.arguments(), context.buffers()};
}

}  // namespace attnc
