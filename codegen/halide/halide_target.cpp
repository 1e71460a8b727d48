#include "halide/halide_target.h"

#include "halide/internal_check.h"
#include "halide/targets.h"

namespace attnc {

Halide::Target halide_target(const std::string& target, const EmitOptions& options) {
  const TargetInfo* info = find_target(target);
  internal_check(info != nullptr, "unknown target " + target);
  Halide::Target t =
      Halide::Target(info->halide)
          .with_feature(Halide::Target::NoRuntime)
          .with_feature(Halide::Target::NoAsserts)
          .with_feature(Halide::Target::NoBoundsQuery)
          .with_feature(Halide::Target::UserContext)
          // 64-bit offsets: strides and lengths fit in 32 bits, their products may not.
          .with_feature(Halide::Target::LargeBuffers);
  if (options.sanitizer == Sanitizer::address) t.set_feature(Halide::Target::ASAN);
  if (options.sanitizer == Sanitizer::thread) t.set_feature(Halide::Target::TSAN);
  return t;
}

}  // namespace attnc
