//===- AttnOps.td - operations of attention layers ---------------------------===//
//
// Each example stands in tests/dialect/roundtrip.mlir too.

#ifndef ATTNC_DIALECT_ATTN_OPS_TD
#define ATTNC_DIALECT_ATTN_OPS_TD

include "dialect/AttnTypes.td"
include "mlir/IR/OpAsmInterface.td"
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
    attn.layer @half fingerprint 0x2 dtype "mixed_bfloat16" { ... }
    ```

    `dtype` is Keras's dtype policy, float32 where it is left out. Real numbers are f64 in a layer of
    dtype float64 and f32 in all others: halves are stored, not computed with.
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
    /// What the layer computes with: f64 or f32.
    ::mlir::Type realType();
  }];
}

def Attn_InputOp : Attn_Op<"input", [HasParent<"LayerOp">]> {
  let summary = "what a call brings";
  let description = [{
    An optional input may be left out. Then `or` names the earlier input that stands in for it; without
    `or`, an absent truth value is true everywhere (a mask allows everything), an absent scalar one,
    a flag, is false, an absent index is 0, a `soft` mask of numbers 1 everywhere, and what else is
    absent is not read (`attn.given`). `reading` says what is true of a mask of numbers; it has the bits
    of attn::Reading. Inputs that nothing reads stay: they are the layer's interface.

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

    Where `attn.given` asked for inputs, a path says which of them its calls bring and which they leave
    out.

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
  let summary = "the outputs by name; `optional` ones are made for a caller that asks";
  let description = [{
    ```mlir
    attn.return "output" %o, "attention_scores" optional %p
        : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 2, query, key : f32>
    ```

    An output that is added to, as a cache is, starts as what an input holds:

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
    /// The input that output `i` starts as, or "".
    ::llvm::StringRef startsAs(unsigned i);
  }];
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
                       DefaultValuedAttr<F64Attr, "1.0">:$scale);
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
    With a region `pair` it is the sum of that formula of both numbers, in place of their product.

    ```mlir
    %s = attn.scores %q, %k scale 1.250000e-01
        : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>)
        -> !attn.value<batch, head 2, query, key : f32>
    %bahdanau = attn.scores %q, %k pair {
    ^bb0(%a: f32, %b: f32):
      %sum = arith.addf %a, %b : f32
      %t = math.tanh %sum : f32
      attn.yield %t : f32
    } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>)
      -> !attn.value<batch, head 2, query, key : f32>
    ```
  }];
  let arguments = (ins Attn_Real:$query, Attn_Real:$key,
                       DefaultValuedAttr<F64Attr, "1.0">:$scale);
  let regions = (region MaxSizedRegion<1>:$pair);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = [{
    $query `,` $key (`scale` $scale^)? (`pair` $pair^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasRegionVerifier = 1;
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
    `rule` says what a row without a visible key gets: `uniform`, every key alike, padding included,
    `zero`, or `additive`, what comes of adding -1e9 to the scores of hidden pairs. Where a caller that also takes the scores gets another answer, `with_scores` has that one.
    The mask is a formula that is true for visible pairs; without one, or where it is always true,
    every key is visible.

    A `sink` is one more score in every row's sum, whose value is zero: a formula of the batch, the head
    and the query. Where there is one, a row without a visible key is zero whatever the rule.

    With `sigmoid` a probability is 1 / (1 + exp(-score)) where the pair is visible, else 0, and no row
    has a sum.

    ```mlir
    %p = attn.softmax %s rule uniform with_scores zero mask {
      %i = attn.position query
      %j = attn.position key
      %keep = arith.cmpi sle, %j, %i : i32
      attn.yield %keep : i1
    } : !attn.value<batch, head 2, query, key : f32>
    %sunk = attn.softmax %s rule zero sink {
      %h = attn.position head
      %logit = attn.element %slopes[%h] : !attn.value<head 2 : f32>
      attn.yield %logit : f32
    } : !attn.value<batch, head 2, query, key : f32>
    %alone = attn.softmax %s rule zero sigmoid : !attn.value<batch, head 2, query, key : f32>
    ```
  }];
  let arguments = (ins Attn_Real:$scores, Attn_RuleAttr:$rule,
                       OptionalAttr<Attn_RuleAttr>:$with_scores, UnitAttr:$sigmoid);
  let regions = (region MaxSizedRegion<1>:$mask, MaxSizedRegion<1>:$sink);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = [{
    $scores `rule` custom<RuleWord>($rule) (`with_scores` custom<RuleWord>($with_scores)^)?
    (`sigmoid` $sigmoid^)? (`mask` $mask^)? (`sink` $sink^)? attr-dict `:` type($scores)
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

def Attn_SliceHeadsOp : Attn_Op<"slice_heads", [Pure]> {
  let summary = "some heads: as many as the result's type says, from one on";
  let description = [{
    ```mlir
    %first = attn.slice_heads %given from 0 : (!attn.value<batch, head 6, query, key : f32>)
        -> !attn.value<batch, head 2, query, key : f32>
    ```
    An input with as many heads as a call brings (`head` without an extent) is read by this alone;
    the heads that are read are those that a call has to bring.
  }];
  let arguments = (ins Attn_Real:$x, I32Attr:$from);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = "$x `from` $from attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Attn_ConcatHeadsOp : Attn_Op<"concat_heads", [Pure]> {
  let summary = "the heads of one value, then those of another";
  let description = [{
    ```mlir
    %all = attn.concat_heads %p, %first
        : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, head 2, query, key : f32>)
        -> !attn.value<batch, head 4, query, key : f32>
    ```
  }];
  let arguments = (ins Attn_Real:$first, Attn_Real:$second);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = "$first `,` $second attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Caches, and what depends on what a call brings
//===----------------------------------------------------------------------===//

def Attn_SpliceOp : Attn_Op<"splice", [Pure]> {
  let summary = "a cache after new keys and values were written over some of its positions";
  let description = [{
    New ones stand along `update`. They go to positions `index`, `index` + 1, ... of each sequence; where
    they would not fit, to the last ones.

    ```mlir
    %new = attn.splice %cache, %new_k, %new_v at %at
        : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>,
           !attn.value<batch, update, head 2, size 8 : f32>,
           !attn.value<batch, update, head 2, size 8 : f32>, !attn.value<batch : i32>)
        -> !attn.value<batch, slot 2, key, head 2, size 8 : f32>
    ```
  }];
  let arguments = (ins Attn_Real:$cache, Attn_Real:$keys, Attn_Real:$values, Attn_Index:$index);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = [{
    $cache `,` $keys `,` $values `at` $index attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Attn_SlotOp : Attn_Op<"slot", [Pure]> {
  let summary = "the keys (0) or the values (1) of a cache";
  let description = [{
    ```mlir
    %kept_k = attn.slot 0 of %new : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>)
        -> !attn.value<batch, key, head 2, size 8 : f32>
    ```
  }];
  let arguments = (ins I32Attr:$which, Attn_Real:$cache);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = "$which `of` $cache attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Attn_AsKeysOp : Attn_Op<"as_keys", [Pure]> {
  let summary = "new keys or values that no cache keeps: their positions are the keys";
  let description = [{
    ```mlir
    %k_alone = attn.as_keys %new_k : (!attn.value<batch, update, head 2, size 8 : f32>)
        -> !attn.value<batch, key, head 2, size 8 : f32>
    ```
  }];
  let arguments = (ins Attn_Real:$x);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Attn_GivenOp : Attn_Op<"given", [Pure]> {
  let summary = "one value in calls that bring an input, another one in the others";
  let description = [{
    Without an `else` there is nothing in the others: outputs that need it do not exist then.
    attn-split-paths makes paths of both.

    ```mlir
    %key_or_kept = attn.given %cache then %kept_k else %k_alone
        : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>,
           !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>)
        -> !attn.value<batch, key, head 2, size 8 : f32>
    %made = attn.given %at then %new
        : (!attn.value<batch : i32>, !attn.value<batch, slot 2, key, head 2, size 8 : f32>)
        -> !attn.value<batch, slot 2, key, head 2, size 8 : f32>
    ```
  }];
  let arguments = (ins Attn_ValueType:$condition, Attn_Real:$then, Optional<Attn_Real>:$otherwise);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = [{
    $condition `then` $then (`else` $otherwise^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Operations that passes make
//===----------------------------------------------------------------------===//

def Attn_AttentionOp : Attn_Op<"attention", [
    Pure, DeclareOpInterfaceMethods<OpAsmOpInterface,
                                    ["getAsmBlockArgumentNames", "getAsmResultNames"]>]> {
  let summary = "scores, softmax and weighted sum at once";
  let description = [{
    With one result it is online: scores and probabilities exist for a block of keys at a time and are
    never stored. A second result asks for the probabilities; then they are stored anyway.

    Key and value may have fewer heads than the query: query head h reads key head
    h / (query heads / key heads).

    Exponentials have base 2: probability(i, j) is 2^(scale * q_i . k_j) over its sum, so `scale` holds
    the factor log2(e). With a region `pair` it is the sum of that formula in place of q_i . k_j.

    Where it is `natural`, `scale` has no such factor and scores are those of base e: the region `score`
    makes another score of scale * q_i . k_j, the rule `additive` adds -1e9 to the scores of hidden
    pairs, and `sink` and `sigmoid` are those of `attn.softmax`.

    In its regions several query axes count as one, and so do several key axes, the last one innermost:
    `attn.position query` numbers all of them, `attn.length query` is how many there are, and
    `attn.length query.1` is the length of the axis query.1 alone.

    `keys` bounds the keys that a tile of queries, from `first_query` to `last_query`, can see:
    0 <= begin <= end <= length(key), and no key outside [begin, end) is visible to any of them. Without it, a tile may see
    every key. It speaks of visible keys only: a row without one follows `rule`, and under `uniform` that
    is the mean over all keys, those outside the bounds included.

    Formulas count in `i32`, and wrap around; `keys` and `blocks` in `index`, in 64 bits, where they take the
    bounds of many such numbers at once and have to know which of them wrap around.

    `blocks` tells of a tile of queries, from `first_query` to `last_query`, and a cell of keys, from
    `first_key` to `last_key` (all of them inside), whether a pair of them can be visible, and whether all of them surely are. What
    it has to know of each query or key it reads through `attn.extremes`.

    `shape` says in words what the mask is, found from its formula: "causal & window of 512 to either side".

    ```mlir
    %a, %r = attn.attention %q, %k, %v scale 1.803369e-01 rule zero mask {
      %i = attn.position query
      %j = attn.position key
      %keep = arith.cmpi sle, %j, %i : i32
      attn.yield %keep : i1
    } keys {
    ^bb0(%first_query: index, %last_query: index):
      %zero = arith.constant 0 : index
      %s = attn.length key
      %end = arith.index_cast %s : i32 to index
      attn.yield %zero, %end : index, index
    } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>,
         !attn.value<batch, key, head 2, size 8 : f32>)
      -> (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, head 2, query, key : f32>)
    %capped = attn.attention %q, %k, %v scale 1.250000e-01 natural rule additive pair {
    ^bb0(%a: f32, %b: f32):
      %sum = arith.addf %a, %b : f32
      attn.yield %sum : f32
    } score {
    ^bb0(%s: f32):
      %t = math.tanh %s : f32
      attn.yield %t : f32
    } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>,
         !attn.value<batch, key, head 2, size 8 : f32>)
      -> !attn.value<batch, query, head 2, size 8 : f32>
    %told = attn.attention %q, %k, %v natural rule zero shape "causal" mask {
      %i = attn.position query
      %j = attn.position key
      %keep = arith.cmpi sle, %j, %i : i32
      attn.yield %keep : i1
    } blocks {
    ^bb0(%first_query: index, %last_query: index, %first_key: index, %last_key: index):
      %possible = arith.cmpi sle, %first_key, %last_query : index
      %certain = arith.cmpi sle, %last_key, %first_query : index
      attn.yield %possible, %certain : i1, i1
    } sink {
      %logit = arith.constant 0.000000e+00 : f32
      attn.yield %logit : f32
    } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>,
         !attn.value<batch, key, head 2, size 8 : f32>)
      -> !attn.value<batch, query, head 2, size 8 : f32>
    ```
  }];
  let arguments = (ins Attn_Real:$query, Attn_Real:$key, Attn_Real:$value,
                       DefaultValuedAttr<F64Attr, "1.0">:$scale, UnitAttr:$natural,
                       Attn_RuleAttr:$rule, UnitAttr:$sigmoid, OptionalAttr<StrAttr>:$shape);
  let regions = (region MaxSizedRegion<1>:$pair, MaxSizedRegion<1>:$score,
                        MaxSizedRegion<1>:$mask, MaxSizedRegion<1>:$keys,
                        MaxSizedRegion<1>:$blocks, MaxSizedRegion<1>:$sink);
  let results = (outs Attn_Real:$result, Optional<Attn_Real>:$scores);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`scale` $scale^)? (`natural` $natural^)?
    `rule` custom<RuleWord>($rule) (`sigmoid` $sigmoid^)? (`shape` $shape^)?
    (`pair` $pair^)? (`score` $score^)? (`mask` $mask^)? (`keys` $keys^)? (`blocks` $blocks^)?
    (`sink` $sink^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasRegionVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

def Attn_ExtremesOp : Attn_Op<"extremes", [HasParent<"AttentionOp">, Pure, SingleBlock,
                                           AllTypesMatch<["least", "most"]>]> {
  let summary = "the least and the most that a formula is, over a tile of queries or a cell of keys";
  let description = [{
    Of truths: whether the formula holds everywhere, and whether it holds somewhere. Inside `blocks` of
    `attn.attention` alone. The formula reads positions of the axis that it is taken over, and of the
    batch and the head. `over pairs` is over every query of the tile with every key of the cell: only for
    a mask of the call, of which kernels know whether it is one number for all pairs.

    ```mlir
    %least, %most = attn.extremes over key {
      %j = attn.position key
      %name = attn.element %names[%j] : !attn.value<key : i32>
      attn.yield %name : i32
    } : i32
    ```
  }];
  let arguments = (ins Attn_OverAttr:$over);
  let regions = (region SizedRegion<1>:$formula);
  let results = (outs AnyTypeOf<[I32, I1]>:$least, AnyTypeOf<[I32, I1]>:$most);
  let assemblyFormat = "`over` custom<OverWord>($over) $formula attr-dict `:` type($least)";
  let hasRegionVerifier = 1;
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
  let results = (outs I32:$result);
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
  let results = (outs I32:$result);
  let assemblyFormat = "custom<AxisWord>($axis) attr-dict";
}

def Attn_OwnOp : Attn_Op<"own", [Pure]> {
  let summary = "an input or weight read where the element stands, on its own axes";
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
