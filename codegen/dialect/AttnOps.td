//===- AttnOps.td - operations of attention layers ---------------------------===//
//
// Every example of an operation is also in tests/dialect/roundtrip.mlir.

#ifndef ATTNC_DIALECT_ATTN_OPS_TD
#define ATTNC_DIALECT_ATTN_OPS_TD

include "dialect/AttnTypes.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Attn_Op<string mnemonic, list<Trait> traits = []> : Op<Attn_Dialect, mnemonic, traits>;

include "dialect/StructureOps.td"
include "dialect/ValueOps.td"
include "dialect/AttentionOps.td"
include "dialect/FormulaOps.td"

#endif // ATTNC_DIALECT_ATTN_OPS_TD
