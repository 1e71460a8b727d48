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

/// What a schedule is chosen by: the head sizes of the layer's first attention (0 if it has none)
/// and the layer's dtype policy.
struct Work {
  int key_size = 0, value_size = 0;
  attn::DTypePolicy dtype{};
};
Work workOf(mlir::ModuleOp module);

attn::Result<Plan> planFromModule(mlir::ModuleOp module, std::string_view library,
                                  std::string_view target, const Schedule& schedule);

}  // namespace attnc
