//===- FormulaOps.td - operations inside formulas ----------------------------===//
//
// A part of AttnOps.td, which includes it.

def Attn_PositionOp : Attn_Op<"position", [Pure]> {
  let summary = "the position of the element along an axis";
  let description = [{
    ```mlir
    %i = attn.position query
    %i1 = attn.position query.1
    ```
  }];
  let arguments = (ins Attn_AxisAttr:$axis);
  let results = (outs I32:$result);
  let assemblyFormat = "custom<AxisWord>($axis) attr-dict";
}

def Attn_LengthOp : Attn_Op<"length", [Pure]> {
  let summary = "the length of an axis in this call";
  let description = [{
    ```mlir
    %n = attn.length key
    ```
  }];
  let arguments = (ins Attn_AxisAttr:$axis);
  let results = (outs I32:$result);
  let assemblyFormat = "custom<AxisWord>($axis) attr-dict";
}

def Attn_OwnOp : Attn_Op<"own", [Pure]> {
  let summary = "an input or weight read at the position of the element, along the table's own axes";
  let description = [{
    ```mlir
    %visible = attn.own %mask : !attn.value<batch, head 2, query, key : i1>
    %flag = attn.own %causal : !attn.value<i1>
    %start = attn.own %at : !attn.value<batch : i32>
    %factor = attn.own %scale : !attn.value<f32>
    ```
  }];
  let arguments = (ins Attn_ValueType:$table);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$table attr-dict `:` custom<ElementOf>(type($table), type($result))";
  let hasVerifier = 1;
}

def Attn_ElementOp : Attn_Op<"element", [Pure]> {
  let summary = "an input or weight read at indices";
  let description = [{
    ```mlir
    %slope = attn.element %slopes[%h] : !attn.value<head 2 : f32>
    ```
  }];
  let arguments = (ins Attn_ValueType:$table, Variadic<I32>:$indices);
  let results = (outs AnyType:$result);
  let assemblyFormat =
      "$table `[` $indices `]` attr-dict `:` custom<ElementOf>(type($table), type($result))";
  let hasVerifier = 1;
}

def Attn_YieldOp : Attn_Op<"yield", [Pure, Terminator,
                                     ParentOneOf<["MapOp", "ScoresOp", "SoftmaxOp", "AttentionOp",
                                                   "ExtremesOp"]>]> {
  let summary = "the result of a formula";
  let description = [{
    ```mlir
    attn.yield %keep : i1
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}
