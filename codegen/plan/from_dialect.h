// from_dialect.h - copies a layer out of MLIR into a plan.
//
//   auto plan = attnc::planFromModule(module, "my_layers", "avx512", schedule);
//   if (!plan.ok()) return plan.status();   // "layers.h:12: model::encoder: operation `map` ..."
//   std::puts(attnc::print(*plan).c_str());
//
// The module holds one layer, and the pipeline of transforms/Passes.h ran over it. What is decided
// here: where every value lies (its consumer says), and how each weight is packed for the
// schedule's vectors. Not here: anything about loops; that is the emitter's.
#pragma once
#include <string_view>

#include "attn/runtime/status.h"
#include "mlir/IR/BuiltinOps.h"
#include "plan/plan.h"

namespace attnc {

/// What a schedule is chosen by: the sizes of the heads of the layer's first attention (0: it has
/// none), and its numbers.
struct Work {
  int key_size = 0, value_size = 0;
  attn::DTypePolicy dtype{};
};
Work workOf(mlir::ModuleOp module);

attn::Result<Plan> planFromModule(mlir::ModuleOp module, std::string_view library,
                                  std::string_view target, const Schedule& schedule);

}  // namespace attnc
