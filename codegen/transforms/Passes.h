//===- Passes.h - from a layer as described to a layer as computed ------------===//
//
//   mlir::PassManager passes(&context);
//   attnc::ir::buildPipeline(passes);
//   if (failed(passes.run(module))) ...
//
// Passes.td lists the passes in their order. Not here: decisions for a target; the plan has those.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <functional>

#include "dialect/AttnDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace attnc::ir {

#define GEN_PASS_DECL
#include "transforms/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "transforms/Passes.h.inc"

/// The whole pipeline: our passes, with canonicalize and cse between them.
void buildPipeline(mlir::OpPassManager& passes);

/// Registers every pass, and the pipeline under the name `attn-pipeline`.
void registerPasses();

/// Runs the pipeline. Calls `show` with the module's text before it ("input") and after each pass
/// that changed it, named by the pass's argument ("attn-fold-scale").
mlir::LogicalResult runPipeline(
    mlir::ModuleOp module,
    const std::function<void(llvm::StringRef pass, llvm::StringRef text)>& show = {});

}  // namespace attnc::ir
