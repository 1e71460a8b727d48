// pipeline.h - one path of a plan, or a kernel that paths share, as one Halide pipeline.
//
//   const BuiltKernel built = build_path(plan, 0);
//   built.pipeline.compile_to_module(built.arguments, "symbol", target);
#pragma once
#include <Halide.h>

#include <vector>

#include "plan/plan.h"
#include "plan/projection_kernel.h"

namespace attnc {

struct BuiltKernel {
  Halide::Pipeline pipeline;
  std::vector<Halide::Argument> arguments;  // without outputs
  std::vector<Halide::ImageParam> buffers;  // of a path: every buffer of the call, outputs last
};

/// Arguments are inputs, packed weights, lengths (path_arguments). Projections are extern stages:
/// calls of kernels with their names (plan/projection_kernel.h). Throws Halide::Error where a plan
/// cannot become a pipeline. That is our bug: plans are checked before.
BuiltKernel build_path(const Plan& plan, int path);

/// Arguments are the operand, the packed kernel, the packed bias if there is one, the number of
/// positions of the operand, the number of batches. It allocates nothing: scratch is on the stack.
BuiltKernel build_projection(const ProjectionKernel& kernel);

}  // namespace attnc
