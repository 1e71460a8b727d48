//===- AttentionOps.td - attention, which the passes make --------------------===//
//
// A part of AttnOps.td, which includes it.

def Attn_AttentionOp : Attn_Op<"attention", [
    Pure, DeclareOpInterfaceMethods<OpAsmOpInterface,
                                    ["getAsmBlockArgumentNames", "getAsmResultNames"]>]> {
  let summary = "scores, softmax and the weighted sum of values in one operation";
  let description = [{
    With one result it is online: scores and probabilities exist for one block of keys at a time and are
    never stored. The second result is the probabilities; with it they have to be stored.

    Key and value may have fewer heads than the query: query head h reads key head
    h / (query heads / key heads).

    The score of a query i and a key j is scale * q_i . k_j. With a region `pair`, the sum of that formula
    over the elements of q_i and k_j takes the place of the dot product. The region `score` is applied to
    the score; then the rule `additive` adds -1e9 to the scores of hidden pairs. `sink` and `sigmoid` are
    those of `attn.softmax`.

    Its regions see all query axes as one axis, and all key axes as another, the last axis innermost:
    `attn.position query` is the position among all queries, `attn.length query` the number of all
    queries, and `attn.length query.1` the length of the axis query.1 alone.

    `keys` bounds the keys that a tile of queries, from `first_query` to `last_query`, can see:
    0 <= begin <= end <= length(key), and no key outside [begin, end) is visible to any query of the tile.
    Without `keys`, a tile may see every key. Only visible keys are bounded: a row without one follows
    `rule`, and under `uniform` it is the mean over all keys, those outside the bounds included.

    Indices of formulas are `i32` and wrap around. `keys` and `blocks` compute bounds of many of them at
    once and have to know which of them wrap around, so they use `index`, which has 64 bits.

    For a tile of queries, from `first_query` to `last_query`, and a cell of keys, from `first_key` to
    `last_key` (ends included), `blocks` yields whether any of their pairs can be visible, and whether all
    of them certainly are. What depends on each single query or key is read through `attn.extremes`.

    `shape` describes the mask in words, derived from its formula: "causal & window of 512 to either side".

    ```mlir
    %a, %r = attn.attention %q, %k, %v scale 1.250000e-01 rule zero mask {
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
    %capped = attn.attention %q, %k, %v scale 1.250000e-01 rule additive pair {
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
    %told = attn.attention %q, %k, %v rule zero shape "causal" mask {
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
  let arguments = !con((ins Attn_Real:$query, Attn_Real:$key, Attn_Real:$value,
                            DefaultValuedAttr<F64Attr, "1.0">:$scale),
                       Attn_RowArguments, (ins OptionalAttr<StrAttr>:$shape));
  let regions = (region MaxSizedRegion<1>:$pair, MaxSizedRegion<1>:$score,
                        MaxSizedRegion<1>:$mask, MaxSizedRegion<1>:$keys,
                        MaxSizedRegion<1>:$blocks, MaxSizedRegion<1>:$sink);
  let results = (outs Attn_Real:$result, Optional<Attn_Real>:$scores);
  let assemblyFormat = !strconcat("$query `,` $key `,` $value (`scale` $scale^)? ", Attn_RowFormat, [{
    (`shape` $shape^)?
    (`pair` $pair^)? (`score` $score^)? (`mask` $mask^)? (`keys` $keys^)? (`blocks` $blocks^)?
    (`sink` $sink^)? attr-dict `:` functional-type(operands, results)
  }]);
  let hasRegionVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

def Attn_ExtremesOp : Attn_Op<"extremes", [HasParent<"AttentionOp">, Pure, SingleBlock,
                                           AllTypesMatch<["least", "most"]>]> {
  let summary = "the least and the greatest value of a formula over a tile of queries or a cell of keys";
  let description = [{
    For a truth these are whether it holds everywhere, and whether it holds somewhere. The operation occurs
    only inside `blocks` of `attn.attention`. Its formula reads positions along the axis that it is taken
    over, the batch and the head. `over pairs` is over every query of the tile with every key of the cell.
    It is only for masks of the call: kernels tell by strides whether such a mask has one value for all
    pairs.

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
