// import_layer.h - from a graph of the language to a module of the dialect.
//
//   auto module = attnc::importLayer(context, graph, "model::encoder", "layers.h", 12, fingerprint);
//   if (!module.ok()) return module.status();
//       // "layers.h:12: model::encoder: operation `gather` is ..."
//   attnc::ir::runPipeline(**module);
//
// One attn.layer a module; every operation lies at the user's line. Not here: how the graph came
// from an object's section or from JSON.
#pragma once
#include <cstdint>
#include <string_view>

#include "attn/graph.h"
#include "attn/runtime/status.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace attnc {

/// The graph as a module. What is not compiled yet is refused with a sentence (unsupported).
attn::Result<mlir::OwningOpRef<mlir::ModuleOp>> importLayer(mlir::MLIRContext& context,
                                                            const attn::Graph& graph,
                                                            std::string_view name,
                                                            std::string_view file, int line,
                                                            uint64_t fingerprint);

/// "layers.h:12: ", or "encoder.json: " where lines mean nothing, or "".
std::string placeText(std::string_view file, int line);

}  // namespace attnc
