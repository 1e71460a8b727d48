// from_dialect.h - makes the plan of a layer in MLIR.
//
//   auto plan = attnc::planFromModule(module, "my_layers", "avx512", schedule);
//   if (!plan.ok()) return plan.status();   // "layers.h:12: model::encoder: operation `map` ..."
//   std::puts(attnc::print(*plan).c_str());
//
// The module holds one layer, after the pipeline of transforms/Passes.h. This decides the layout of
// every value (its consumer determines it) and how each weight is packed for the schedule's
// vectors. Not here: loops, which the emitter decides.
#pragma once
#include <string_view>

#include "attn/runtime/status.h"
#include "mlir/IR/BuiltinOps.h"
#include "plan/plan.h"

namespace attnc {

Work workOf(mlir::ModuleOp module);

attn::Result<Plan> planFromModule(mlir::ModuleOp module, std::string_view library,
                                  std::string_view target, const Schedule& schedule);

}  // namespace attnc
