// halide_target.h - the Halide target for a target's name. Names and CPU features: targets.h.
#pragma once
#include <Halide.h>

#include <string>

#include "halide/emit_kernels.h"

namespace attnc {

/// With no runtime, no asserts (our runtime checks calls), no bounds queries, 64-bit offsets, and
/// the user_context argument, which carries the attn_call.
Halide::Target halide_target(const std::string& target, const EmitOptions& options = {});

}  // namespace attnc
