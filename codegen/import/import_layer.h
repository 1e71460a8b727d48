// import_layer.h - from a graph of the language to a module of the dialect.
//
//   auto module = attnc::importLayer(context, graph, "model::encoder", "layers.h", 12,
//                                    fingerprint);
//   if (!module.ok()) return module.status();
//       // "layers.h:12: model::encoder: operation `gather` is ..."
//   attnc::ir::runPipeline(**module);
//
// A module holds one attn.layer; every operation has the location of the user's line. Not here:
// reading graphs from an object's section (section.h) or from JSON (config_json.h).
#pragma once
#include <cstdint>
#include <string_view>

#include "attn/graph.h"
#include "attn/runtime/status.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace attnc {

/// Imports a graph as a module. An operation that cannot be compiled yet is an error (unsupported).
attn::Result<mlir::OwningOpRef<mlir::ModuleOp>> importLayer(mlir::MLIRContext& context,
                                                            const attn::Graph& graph,
                                                            std::string_view name,
                                                            std::string_view file, int line,
                                                            uint64_t fingerprint);

/// "layers.h:12: ", or "encoder.json: " where there is no line, or "" where there is no file.
std::string placeText(std::string_view file, int line);

}  // namespace attnc
