//===- AttentionOps.td - attention, which passes make ------------------------===//
//
// A part of AttnOps.td, which includes it.

def Attn_AttentionOp : Attn_Op<"attention", [
    Pure, DeclareOpInterfaceMethods<OpAsmOpInterface,
                                    ["getAsmBlockArgumentNames", "getAsmResultNames"]>]> {
  let summary = "scores, softmax and weighted sum at once";
  let description = [{
    With one result it is online: scores and probabilities exist for a block of keys at a time and are
    never stored. A second result asks for the probabilities; then they are stored anyway.

    Key and value may have fewer heads than the query: query head h reads key head
    h / (query heads / key heads).

    The score of a query i and a key j is scale * q_i . k_j; with a region `pair`, scale times the sum of
    that formula. The region `score` makes another score of it, and the rule `additive` adds -1e9 to the
    scores of hidden pairs. `sink` and `sigmoid` are those of `attn.softmax`.

    In its regions several query axes count as one, and so do several key axes, the last one innermost:
    `attn.position query` numbers all of them, `attn.length query` is how many there are, and
    `attn.length query.1` is the length of the axis query.1 alone.

    `keys` bounds the keys that a tile of queries, from `first_query` to `last_query`, can see:
    0 <= begin <= end <= length(key), and no key outside [begin, end) is visible to any of them. Without
    it, a tile may see every key. It speaks of visible keys only: a row without one follows `rule`, and under `uniform` that
    is the mean over all keys, those outside the bounds included.

    Formulas count in `i32`, and wrap around; `keys` and `blocks` in `index`, in 64 bits, where they take the
    bounds of many such numbers at once and have to know which of them wrap around.

    `blocks` tells of a tile of queries, from `first_query` to `last_query`, and a cell of keys, from
    `first_key` to `last_key` (all of them inside), whether a pair of them can be visible, and whether
    all of them surely are. What
    it has to know of each query or key it reads through `attn.extremes`.

    `shape` says in words what the mask is, found from its formula: "causal & window of 512 to either side".

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
