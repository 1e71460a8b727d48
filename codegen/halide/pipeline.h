// pipeline.h - one path of a plan as one Halide pipeline.
//
//   const BuiltPath built = build_path(plan, 0);
//   built.pipeline.compile_to_module(built.arguments, "symbol", target);
#pragma once
#include <Halide.h>

#include <vector>

#include "plan/plan.h"

namespace attnc {

struct BuiltPath {
  Halide::Pipeline pipeline;
  std::vector<Halide::Argument> arguments;  // inputs, packed weights, lengths: path_arguments
  std::vector<Halide::ImageParam> buffers;  // every buffer of the call, outputs last
};

/// Throws Halide::Error where a plan cannot become a pipeline. That is our bug: plans are checked
/// before.
BuiltPath build_path(const Plan& plan, int path);

}  // namespace attnc
