//===- AttnDialect.td - the dialect of attention layers ---------------------===//

#ifndef ATTNC_DIALECT_ATTN_DIALECT_TD
#define ATTNC_DIALECT_ATTN_DIALECT_TD

include "mlir/IR/OpBase.td"

def Attn_Dialect : Dialect {
  let name = "attn";
  let cppNamespace = "::attnc::ir";
  let summary = "attention layers as graphs over values with named axes";
  let description = [{
    A layer is an `attn.layer`: inputs, weights and operations on values whose axes have names
    (`batch`, `query`, `key`, `head`, `size`, `feature`), so that no operation needs positions of
    dimensions. What is elementwise (masks, score functions) is a region over `arith` and `math`,
    which reads where it stands with `attn.position`.

    The importer makes layers of `attn.project`, `attn.scores`, `attn.map`, `attn.softmax`,
    `attn.dropout` and `attn.combine`, of operations on heads and on caches; the passes turn them into
    one `attn.path` for each set of outputs and of inputs that a call may bring, made of `attn.project`,
    `attn.attention` and what else is a stage of its own, which is what the plan copies out.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    void registerTypes();
    void registerAttributes();
  }];
}

#endif // ATTNC_DIALECT_ATTN_DIALECT_TD
