//===- AttnDialect.h - attention layers in MLIR -------------------------------===//
//
// The dialect's types and operations; AttnOps.td and its parts document them.
//
//   context.loadDialect<attnc::ir::AttnDialect>();
//   for (auto project : layer.getOps<attnc::ir::ProjectOp>()) use(project.getKernel().getType());
//
// Not here: how layers come into it (import/import_layer.h), what is done to them
// (transforms/Passes.h), and how they leave it (plan/from_dialect.h).
//
//===----------------------------------------------------------------------===//
#pragma once

#include "attn/formula.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace attnc::ir {

/// What a dimension counts, and how far. Kinds are the language's own.
struct Axis {
  attn::Kind kind{};
  unsigned number = 0;  // the second query axis has number 1
  int64_t extent = 0;   // 0: free
  mlir::StringAttr of;  // a free feature axis: the input whose feature size it is

  bool sameAs(const Axis& o) const { return kind == o.kind && number == o.number; }
  bool operator==(const Axis& o) const { return sameAs(o) && extent == o.extent && of == o.of; }
  bool operator!=(const Axis& o) const { return !(*this == o); }
  friend llvm::hash_code hash_value(const Axis& a) {
    return llvm::hash_combine(static_cast<unsigned>(a.kind), a.number, a.extent,
                              a.of.getAsOpaquePointer());
  }
};

/// "query", or "query.1" for the second; and back.
std::string axisName(attn::Kind kind, unsigned number);
bool parseAxisName(llvm::StringRef text, attn::Kind& kind, unsigned& number);

/// An index of a formula: 32 bits that wrap around. (Bounds of many at once are of MLIR's type `index`,
/// in 64 bits.)
inline bool isIndex(mlir::Value number) { return number.getType().isInteger(32); }

}  // namespace attnc::ir

#include "dialect/AttnDialect.h.inc"
#include "dialect/AttnEnums.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialect/AttnTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/AttnAttrs.h.inc"
#define GET_OP_CLASSES
#include "dialect/AttnOps.h.inc"
