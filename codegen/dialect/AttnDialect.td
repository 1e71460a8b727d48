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
    (`batch`, `query`, `key`, `head`, `size`, `feature`), so that no operation refers to dimensions
    by number. Elementwise computations (masks, score functions) are regions of `arith` and `math`
    operations, which read the position of their element with `attn.position`.

    The importer builds layers from `attn.project`, `attn.scores`, `attn.map`, `attn.softmax`,
    `attn.dropout`, `attn.combine`, and operations on heads and on caches. The passes turn them into one
    `attn.path` for each set of outputs and each set of inputs that a call may bring. A path consists of
    `attn.project`, `attn.attention` and the other operations that are stages of their own; the plan is
    copied from it.
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
