// describe.h - a pipeline as text, for `attnc show`.
#pragma once
#include <Halide.h>

#include <string>

namespace attnc {

/// Every Func with its definitions, producers before consumers.
std::string algorithm_text(const Halide::Pipeline& pipeline);
/// The loop nest after scheduling.
std::string loop_text(Halide::Pipeline pipeline);

}  // namespace attnc
