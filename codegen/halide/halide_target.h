// halide_target.h - a target's name as Halide's target. Names and CPU features: targets.h.
#pragma once
#include <Halide.h>

#include <string>

#include "halide/emit_kernels.h"

namespace attnc {

/// With no runtime, no asserts (callers are checked by the runtime), no bounds queries, and the
/// user_context argument that carries the call.
Halide::Target halide_target(const std::string& target, const EmitOptions& options = {});

}  // namespace attnc
