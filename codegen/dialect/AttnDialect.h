//===- AttnDialect.h - attention layers in MLIR -------------------------------===//
//
// The dialect's types and operations. AttnOps.td and the files that it includes document them.
//
//   context.loadDialect<attnc::ir::AttnDialect>();
//   for (auto project : layer.getOps<attnc::ir::ProjectOp>()) use(project.getKernel().getType());
//
// Not here: the import of layers (import/import_layer.h), the passes (transforms/Passes.h), and the
// copy of a layer into a plan (plan/from_dialect.h).
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

/// What a dimension counts, and its extent. Kinds are the language's own.
struct Axis {
  attn::Kind kind{};
  unsigned number = 0;  // the second query axis has number 1
  int64_t extent = 0;   // 0: free
  mlir::StringAttr of;  // of a free feature axis: the input whose feature size it has

  bool sameAs(const Axis& o) const { return kind == o.kind && number == o.number; }
  bool operator==(const Axis& o) const { return sameAs(o) && extent == o.extent && of == o.of; }
  bool operator!=(const Axis& o) const { return !(*this == o); }
  friend llvm::hash_code hash_value(const Axis& a) {
    return llvm::hash_combine(static_cast<unsigned>(a.kind), a.number, a.extent,
                              a.of.getAsOpaquePointer());
  }
};

/// "query", or "query.1" for the second query axis.
std::string axisName(attn::Kind kind, unsigned number);
bool parseAxisName(llvm::StringRef text, attn::Kind& kind, unsigned& number);

/// Whether a value is an index of a formula, which has 32 bits and wraps around. (Bounds of indices
/// over a tile are of MLIR's type `index`, which has 64 bits.)
inline bool isIndex(mlir::Value number) { return number.getType().isInteger(32); }

}  // namespace attnc::ir

#include "dialect/AttnDialect.h.inc"
#include "dialect/AttnEnums.h.inc"

namespace attnc::ir {

/// The axis that extremes are taken over; nullopt for all pairs of both.
inline std::optional<attn::Kind> kindOf(Over over) {
  switch (over) {
    case Over::Query:
      return attn::Kind::query;
    case Over::Key:
      return attn::Kind::key;
    case Over::Pairs:
      return std::nullopt;
  }
  llvm_unreachable("no such Over");
}

}  // namespace attnc::ir

#define GET_TYPEDEF_CLASSES
#include "dialect/AttnTypes.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/AttnAttrs.h.inc"
#define GET_OP_CLASSES
#include "dialect/AttnOps.h.inc"
