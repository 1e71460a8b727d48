//===- ValueOps.td - operations on values, which the importer makes ----------===//
//
// A part of AttnOps.td, which includes it.

//===----------------------------------------------------------------------===//
// Operations that the importer makes
//===----------------------------------------------------------------------===//

def Attn_ProjectOp : Attn_Op<"project", [Pure]> {
  let summary = "contracts with a kernel, adds a bias and multiplies the sum by a scale";
  let description = [{
    The kernel's leading axes are contracted with the operand's axes of the same names; its other axes are
    new axes of the result. The bias has these new axes.

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
  let summary = "scores of all pairs of query and key: their dot product over `size`, times a scale";
  let description = [{
    With a region `pair`, the sum of that formula over pairs of elements takes the place of the dot product.

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
  let summary = "an elementwise formula of the operands and the position";
  let description = [{
    The result has the axes of the first operand. Later operands may lack some of them and are broadcast
    along these. A map whose formula is its first operand folds away.

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
    `rule` says what a row without a visible key gets: `uniform` is the same probability for every key,
    padding included, `zero` is zeros, and `additive` is the outcome of adding -1e9 to the scores of hidden
    pairs. `with_scores` is the rule for callers that also take the scores, where that is another one.
    The mask is a formula that is true for visible pairs. Without a mask every key is visible; one that is
    always true folds away.

    A `sink` is a logit that joins every row's sum and has the value zero: a formula of the batch, the head
    and the query. With a sink, a row without a visible key is zero whatever the rule.

    With `sigmoid` the probability of a visible pair is 1 / (1 + exp(-score)), that of a hidden pair 0, and
    rows are not normalised.

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
  let arguments = !con((ins Attn_Real:$scores), Attn_RowArguments,
                       (ins OptionalAttr<Attn_RuleAttr>:$with_scores));
  let regions = (region MaxSizedRegion<1>:$mask, MaxSizedRegion<1>:$sink);
  let results = (outs Attn_Real:$result);
  let assemblyFormat = !strconcat("$scores ", Attn_RowFormat, [{
    (`with_scores` custom<RuleWord>($with_scores)^)? (`mask` $mask^)? (`sink` $sink^)? attr-dict `:` type($scores)
  }]);
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
  let summary = "grouped queries: each head serves several consecutive heads of the result";
  let description = [{
    Head u of the result is head u / (heads of the result / heads of the operand). The operation only
    changes which head is read and copies nothing: attn-form-attention absorbs it into `attn.attention`.

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
  let summary = "consecutive heads from `from` on, as many as the result's type has";
  let description = [{
    ```mlir
    %first = attn.slice_heads %given from 0 : (!attn.value<batch, head 6, query, key : f32>)
        -> !attn.value<batch, head 2, query, key : f32>
    ```
    Only this operation may read an input whose number of heads the call decides (`head` without an
    extent). A call has to bring at least the heads that are read.
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
// Caches, and values that depend on which inputs a call brings
//===----------------------------------------------------------------------===//

def Attn_SpliceOp : Attn_Op<"splice", [Pure]> {
  let summary = "a cache with new keys and values written over some of its positions";
  let description = [{
    New keys and values have the axis `update`. They are written to positions `index`, `index` + 1, ... of
    each sequence; where they would not fit, to the last positions.

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
  let summary = "new keys or values without a cache: the axis `update` becomes `key`";
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
  let summary = "one value in calls that bring an input, another one in all other calls";
  let description = [{
    Without `else` there is no value in the other calls: outputs that need it do not exist there.
    attn-split-paths makes paths for both kinds of calls.

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
