// harness.h - layers all the way to plans, in one call.
//
//   auto plan = planned(attn::layer(attn::MultiHeadAttention{.num_heads = 2, .key_dim = 8}).graph);
//   ASSERT_TRUE(plan.ok()) << plan.status().message();
#pragma once
#include "attn/attn.h"
#include "import/import_layer.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "plan/from_dialect.h"
#include "transforms/Passes.h"

namespace attnc::test {

inline attn::Result<Plan> planned(const attn::Graph& graph, const Schedule& schedule = {},
                                  int line = 12) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string mistake;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic& d) {
    mistake += d.str();
    return mlir::success();
  });
  auto module =
      importLayer(context, graph, "model::encoder", "layers.h", line, attn::fingerprint(graph));
  if (!module.ok()) return module.status();
  if (mlir::failed(ir::runPipeline(**module)))
    return attn::Status(attn::StatusCode::internal, mistake);
  return planFromModule(**module, "my_layers", "avx512", schedule);
}

}  // namespace attnc::test
