//===- StructureOps.td - layers, their inputs and outputs, paths -------------===//
//
// A part of AttnOps.td, which includes it.

def Attn_LayerOp : Attn_Op<"layer", [IsolatedFromAbove, Symbol, SingleBlock, NoTerminator,
                                     NoRegionArguments]> {
  let summary = "a layer: inputs, weights and the operations on them";
  let description = [{
    The body holds inputs and weights, in the caller's order, then operations and one `attn.return`.
    attn-split-paths replaces operations and `attn.return` by `attn.path`s, one for each set of outputs.

    ```mlir
    attn.layer @"model::encoder" fingerprint 0x1122334455667788 { ... }
    attn.layer @half fingerprint 0x2 dtype "mixed_bfloat16" { ... }
    ```

    `dtype` is Keras's dtype policy, float32 where it is left out. Real numbers are f64 in a layer of
    dtype float64 and f32 in all others: 16-bit types are for storage only.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$fingerprint,
                       OptionalAttr<StrAttr>:$dtype);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `fingerprint` custom<Hexadecimal>($fingerprint) (`dtype` $dtype^)?
    attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The type that the layer computes in: f64 or f32.
    ::mlir::Type realType();
  }];
}

def Attn_InputOp : Attn_Op<"input", [HasParent<"LayerOp">]> {
  let summary = "an input that a call brings";
  let description = [{
    A call may leave an input out if it is `optional` or has `or`. `or` names the earlier input that stands
    in for it. An absent `optional` mask of truths is true everywhere (every pair is visible), a flag (a
    truth without axes) is false, an index is 0, and a `soft` mask of numbers is 1 everywhere; any other
    absent input is not read (`attn.given`). `reading` says which numbers count as true where a call brings
    a mask of numbers (the bits of attn::Reading). Inputs that nothing reads stay: they are the layer's
    interface.

    ```mlir
    %value = attn.input "value" : !attn.value<batch, key, feature of @value : f32>
    %key = attn.input "key" or "value" : !attn.value<batch, key, feature of @key : f32>
    %mask = attn.input "attention_mask" optional : !attn.value<batch, head 2, query, key : i1>
    %causal = attn.input "use_causal_mask" optional : !attn.value<i1>
    %read = attn.input "above_half" optional reading 3 : !attn.value<batch, key : i1>
    %weak = attn.input "soft_mask" optional soft : !attn.value<batch, head 2, query, key : f32>
    %cache = attn.input "cache" optional : !attn.value<batch, slot 2, key, head 2, size 8 : f32>
    %at = attn.input "cache_update_index" optional : !attn.value<batch : i32>
    ```
  }];
  let arguments = (ins StrAttr:$name, UnitAttr:$optional, UnitAttr:$soft,
                       DefaultValuedAttr<I32Attr, "0">:$reading, OptionalAttr<StrAttr>:$instead);
  let results = (outs Attn_ValueType:$result);
  let assemblyFormat = [{
    $name (`optional` $optional^)? (`soft` $soft^)? (`reading` $reading^)? (`or` $instead^)? attr-dict
    `:` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def Attn_WeightOp : Attn_Op<"weight", [HasParent<"LayerOp">]> {
  let summary = "a weight; weights are in the order of the original's get_weights";
  let description = [{
    ```mlir
    %wq = attn.weight "query/kernel" : !attn.value<feature of @query, head 2, size 8 : f32>
    ```
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def Attn_PathOp : Attn_Op<"path", [HasParent<"LayerOp">, SingleBlock, NoRegionArguments]> {
  let summary = "how one set of outputs is made";
  let description = [{
    Its name is made of the names of its outputs, joined by `_`, then of the inputs in `given` after
    `_with`. It reads the layer's inputs and weights.

    A phase is a path that serves only calls of at most `most_queries` queries. It stands before the path
    that serves all calls, and the name of the phase follows those of the outputs. A call takes the first
    path that makes its outputs and serves it.

    ```mlir
    attn.path "output_decode" phase "decode" most_queries 1 {
      attn.return "output" %query : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output" {
      attn.return "output" %query : !attn.value<batch, query, feature of @query : f32>
    }
    ```

    Where paths differ by the inputs that a call brings (attn-split-paths), a path lists those that its
    calls bring (`given`) and those that they leave out (`absent`).

    ```mlir
    attn.path "output_with_cache" given ["cache"] absent ["cache_update_index"] {
      attn.return "output" %query : !attn.value<batch, query, feature of @query : f32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<StrAttr>:$phase,
                       DefaultValuedAttr<I32Attr, "0">:$most_queries,
                       OptionalAttr<StrArrayAttr>:$given, OptionalAttr<StrArrayAttr>:$absent);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name (`phase` $phase^)? (`most_queries` $most_queries^)? (`given` $given^)? (`absent` $absent^)?
    attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Attn_ReturnOp : Attn_Op<"return", [Pure, Terminator, ParentOneOf<["LayerOp", "PathOp"]>]> {
  let summary = "the outputs by name; `optional` ones are made for callers that ask for them";
  let description = [{
    ```mlir
    attn.return "output" %o, "attention_scores" optional %p
        : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 2, query, key : f32>
    ```

    An output that is written in part, such as a cache, starts with the contents of an input:

    ```mlir
    attn.return "output" %o, "cache" starts_as @cache %new
        : !attn.value<batch, query, feature of @query : f32>,
          !attn.value<batch, slot 2, key, head 2, size 8 : f32>
    ```
  }];
  let arguments = (ins Variadic<Attn_Real>:$values, StrArrayAttr:$names,
                       DenseBoolArrayAttr:$optional, OptionalAttr<StrArrayAttr>:$starts_as);
  let assemblyFormat =
      "custom<Outputs>($values, type($values), $names, $optional, $starts_as) attr-dict";
  let extraClassDeclaration = [{
    /// The input whose contents output `i` starts with, or "".
    ::llvm::StringRef startsAs(unsigned i);
  }];
  let hasVerifier = 1;
}
