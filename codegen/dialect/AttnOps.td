//===- AttnOps.td - operations of attention layers ---------------------------===//
//
// Each example stands in tests/dialect/roundtrip.mlir too.

#ifndef ATTNC_DIALECT_ATTN_OPS_TD
#define ATTNC_DIALECT_ATTN_OPS_TD

include "dialect/AttnTypes.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Attn_Op<string mnemonic, list<Trait> traits = []> : Op<Attn_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// Structure
//===----------------------------------------------------------------------===//

def Attn_LayerOp : Attn_Op<"layer", [IsolatedFromAbove, Symbol, SingleBlock, NoTerminator,
                                     NoRegionArguments]> {
  let summary = "a layer: inputs, weights, and what becomes of them";
  let description = [{
    The body holds inputs and weights, in the order in which a caller knows them, then operations and
    one `attn.return`; after attn-split-paths one `attn.path` for each set of outputs in their place.

    ```mlir
    attn.layer @"model::encoder" fingerprint 0x1122334455667788 { ... }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$fingerprint);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat =
      "$sym_name `fingerprint` custom<Hexadecimal>($fingerprint) attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Attn_InputOp : Attn_Op<"input", [HasParent<"LayerOp">]> {
  let summary = "what a call brings";
  let description = [{
    An optional input may be left out. Then `or` names the earlier input that stands in for it; without
    `or`, an absent truth value is true everywhere (a mask allows everything), and an absent scalar one,
    a flag, is false. Inputs that nothing reads stay: they are the layer's interface.

    ```mlir
    %value = attn.input "value" : !attn.value<batch, key, feature of @value : f32>
    %key = attn.input "key" or "value" : !attn.value<batch, key, feature of @key : f32>
    %mask = attn.input "attention_mask" optional : !attn.value<batch, head 2, query, key : i1>
    %causal = attn.input "use_causal_mask" optional : !attn.value<i1>
    ```
  }];
  let arguments = (ins StrAttr:$name, UnitAttr:$optional, OptionalAttr<StrAttr>:$instead);
  let results = (outs Attn_ValueType:$result);
  let assemblyFormat =
      "$name (`optional` $optional^)? (`or` $instead^)? attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
}

def Attn_WeightOp : Attn_Op<"weight", [HasParent<"LayerOp">]> {
  let summary = "a weight, in the order of the original's get_weights";
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
    Its name is that of its outputs, joined by `_`. It reads the layer's inputs and weights.

    A path may serve some calls only: then it is a phase, which stands before the path that serves all,
    has its own name after the outputs' and says how many queries a call may have at most. A call goes
    to the first path that makes its outputs and serves it.

    ```mlir
    attn.path "output_decode" phase "decode" most_queries 1 {
      attn.return "output" %query : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output" {
      attn.return "output" %query : !attn.value<batch, query, feature of @query : f32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<StrAttr>:$phase,
                       DefaultValuedAttr<I32Attr, "0">:$most_queries);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name (`phase` $phase^)? (`most_queries` $most_queries^)? attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Attn_ReturnOp : Attn_Op<"return", [Pure, Terminator, ParentOneOf<["LayerOp", "PathOp"]>]> {
  let summary = "the outputs by name; `optional` ones are made for a caller that asks";
  let description = [{
    ```mlir
    attn.return "output" %o, "attention_scores" optional %p
        : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 2, query, key : f32>
    ```
  }];
  let arguments = (ins Variadic<Attn_Real>:$values, StrArrayAttr:$names,
                       DenseBoolArrayAttr:$optional);
  let assemblyFormat =
      "custom<Outputs>($values, type($values), $names, $optional) attr-dict";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Operations that the importer makes
//===----------------------------------------------------------------------===//

def Attn_ProjectOp : Attn_Op<"project", [Pure]> {
  let summary = "contracts with a kernel, adds a bias, multiplies both by a scale";
  let description = [{
    The kernel's leading axes are contracted with the operand's axes of the same names, in their order;
    the others are made. The bias has what is made.

    ```mlir
    %q = attn.project %query by %wq plus %bq
        : (!attn.value<batch, query, feature of @query : f32>,
           !attn.value<feature of @query, head 2, size 8 : f32>, !attn.value<head 2, size 8 : f32>)
        -> !attn.value<batch, query, head 2, size 8 : f32>
    %h = attn.project %query by %wq scale 5.000000e-01
        : (!attn.value<batch, query, feature of @query : f32>,
           !attn.value<feature of @query, head 2, size 8 : f32>)
        -> !attn.value<batch, query, head 2, size 8 : f32>
    ```
  }];
  let arguments = (ins Attn_Real:$x, Attn_Real:$kernel, Optional<Attn_Real>:$bias,
                       DefaultValuedAttr<F32Attr, "1.0f">:$scale);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = [{
    $x `by` $kernel (`plus` $bias^)? (`scale` $scale^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// How many leading axes of the kernel are contracted.
    unsigned contracted();
  }];
}

def Attn_ScoresOp : Attn_Op<"scores", [Pure]> {
  let summary = "every query with every key: their product over `size`, times a scale";
  let description = [{
    ```mlir
    %s = attn.scores %q, %k scale 1.250000e-01
        : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>)
        -> !attn.value<batch, head 2, query, key : f32>
    ```
  }];
  let arguments = (ins Attn_Real:$query, Attn_Real:$key,
                       DefaultValuedAttr<F32Attr, "1.0f">:$scale);
  let results = (outs Attn_Real:$result);
  let assemblyFormat =
      "$query `,` $key (`scale` $scale^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Attn_MapOp : Attn_Op<"map", [Pure, SingleBlock]> {
  let summary = "elementwise: a formula of its operands and the position";
  let description = [{
    Later operands may lack axes of the first; they repeat along them. The result has the first one's
    axes. A map whose formula is its first operand folds away.

    ```mlir
    %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>)
        -> !attn.value<batch, head 2, query, key : f32> {
    ^bb0(%x: f32):
      %t = math.tanh %x : f32
      attn.yield %t : f32
    }
    ```
  }];
  let arguments = (ins Variadic<Attn_Real>:$inputs);
  let regions = (region SizedRegion<1>:$formula);
  let results = (outs Attn_Real:$result);
  let assemblyFormat =
      "$inputs attr-dict `:` functional-type(operands, results) $formula";
  let hasRegionVerifier = 1;
  let hasFolder = 1;
}

def Attn_SoftmaxOp : Attn_Op<"softmax", [Pure, AllTypesMatch<["scores", "result"]>]> {
  let summary = "probabilities over all key axes, under a mask";
  let description = [{
    `rule` says what a row without a visible key gets: `uniform`, every key alike, padding included, or
    `zero`. Where a caller that also takes the scores gets another answer, `with_scores` has that one.
    The mask is a formula that is true for visible pairs; without one, or where it is always true,
    every key is visible.

    ```mlir
    %p = attn.softmax %s rule uniform with_scores zero mask {
      %i = attn.position query
      %j = attn.position key
      %keep = arith.cmpi sle, %j, %i : index
      attn.yield %keep : i1
    } : !attn.value<batch, head 2, query, key : f32>
    ```
  }];
  let arguments = (ins Attn_Real:$scores, Attn_RuleAttr:$rule,
                       OptionalAttr<Attn_RuleAttr>:$with_scores);
  let regions = (region MaxSizedRegion<1>:$mask);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = [{
    $scores `rule` custom<RuleWord>($rule) (`with_scores` custom<RuleWord>($with_scores)^)? (`mask` $mask^)? attr-dict
    `:` type($scores)
  }];
  let hasRegionVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

def Attn_DropoutOp : Attn_Op<"dropout", [Pure, AllTypesMatch<["x", "result"]>]> {
  let summary = "drops probabilities in training; the identity at inference (attn-inference)";
  let description = [{
    ```mlir
    %d = attn.dropout %p rate 1.000000e-01 : !attn.value<batch, head 2, query, key : f32>
    ```
  }];
  let arguments = (ins Attn_Real:$x, F32Attr:$rate);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = "$x `rate` $rate attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def Attn_ShareHeadsOp : Attn_Op<"share_heads", [Pure]> {
  let summary = "grouped queries: each head serves several, one after the other";
  let description = [{
    Head u of the result is head u / (heads of the result / heads of the operand). It says which numbers
    are read and repeats nothing in memory: attn-form-attention takes it into `attn.attention`.

    ```mlir
    %g = attn.share_heads %k : (!attn.value<batch, key, head 2, size 8 : f32>)
        -> !attn.value<batch, key, head 6, size 8 : f32>
    ```
  }];
  let arguments = (ins Attn_Real:$x);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Attn_CombineOp : Attn_Op<"combine", [Pure]> {
  let summary = "the sum of values over all keys, weighted by probabilities";
  let description = [{
    ```mlir
    %c = attn.combine %p, %v
        : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>)
        -> !attn.value<batch, query, head 2, size 8 : f32>
    ```
  }];
  let arguments = (ins Attn_Real:$probabilities, Attn_Real:$value);
  let results = (outs Attn_Real:$result);
  let assemblyFormat =
      "$probabilities `,` $value attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Operations that passes make
//===----------------------------------------------------------------------===//

def Attn_AttentionOp : Attn_Op<"attention", [Pure]> {
  let summary = "scores, softmax and weighted sum at once";
  let description = [{
    With one result it is online: scores and probabilities exist for a block of keys at a time and are
    never stored. A second result asks for the probabilities; then they are stored anyway.

    Key and value may have fewer heads than the query: query head h reads key head
    h / (query heads / key heads).

    Exponentials have base 2: probability(i, j) is 2^(scale * q_i . k_j) over its sum, so `scale` holds
    the factor log2(e).

    `keys` bounds the keys that a tile of queries, from `first` to `last`, can see: 0 <= begin <= end <=
    length(key), and no key outside [begin, end) is visible to any of them. Without it, a tile may see
    every key. It speaks of visible keys only: a row without one follows `rule`, and under `uniform` that
    is the mean over all keys, those outside the bounds included.

    ```mlir
    %a, %r = attn.attention %q, %k, %v scale 1.803369e-01 rule zero mask {
      %i = attn.position query
      %j = attn.position key
      %keep = arith.cmpi sle, %j, %i : index
      attn.yield %keep : i1
    } keys {
    ^bb0(%first: index, %last: index):
      %zero = arith.constant 0 : index
      %end = attn.length key
      attn.yield %zero, %end : index, index
    } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>,
         !attn.value<batch, key, head 2, size 8 : f32>)
      -> (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, head 2, query, key : f32>)
    ```
  }];
  let arguments = (ins Attn_Real:$query, Attn_Real:$key, Attn_Real:$value,
                       DefaultValuedAttr<F32Attr, "1.0f">:$scale, Attn_RuleAttr:$rule);
  let regions = (region MaxSizedRegion<1>:$mask, MaxSizedRegion<1>:$keys);
  let results = (outs Attn_Real:$result, Optional<Attn_Real>:$scores);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`scale` $scale^)? `rule` custom<RuleWord>($rule)
    (`mask` $mask^)? (`keys` $keys^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let hasRegionVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

//===----------------------------------------------------------------------===//
// Inside formulas
//===----------------------------------------------------------------------===//

def Attn_PositionOp : Attn_Op<"position", [Pure]> {
  let summary = "where the element stands along an axis";
  let description = [{
    ```mlir
    %i = attn.position query
    %i1 = attn.position query.1
    ```
  }];
  let arguments = (ins Attn_AxisAttr:$axis);
  let results = (outs Index:$result);
  let assemblyFormat = "custom<AxisWord>($axis) attr-dict";
}

def Attn_LengthOp : Attn_Op<"length", [Pure]> {
  let summary = "how long an axis is in this call";
  let description = [{
    ```mlir
    %n = attn.length key
    ```
  }];
  let arguments = (ins Attn_AxisAttr:$axis);
  let results = (outs Index:$result);
  let assemblyFormat = "custom<AxisWord>($axis) attr-dict";
}

def Attn_OwnOp : Attn_Op<"own", [Pure]> {
  let summary = "an input or weight read where the element stands, on its own axes";
  let description = [{
    ```mlir
    %visible = attn.own %mask : !attn.value<batch, head 2, query, key : i1>
    %flag = attn.own %causal : !attn.value<i1>
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
  let arguments = (ins Attn_ValueType:$table, Variadic<Index>:$indices);
  let results = (outs AnyType:$result);
  let assemblyFormat =
      "$table `[` $indices `]` attr-dict `:` custom<ElementOf>(type($table), type($result))";
  let hasVerifier = 1;
}

def Attn_YieldOp : Attn_Op<"yield", [Pure, Terminator,
                                     ParentOneOf<["MapOp", "SoftmaxOp", "AttentionOp"]>]> {
  let summary = "what a formula is";
  let description = [{
    ```mlir
    attn.yield %keep : i1
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

#endif // ATTNC_DIALECT_ATTN_OPS_TD
