//===- Passes.td - from a layer as described to a layer as computed ----------===//
//
// In the order of the pipeline (Pipeline.cpp). Each pass has one .cpp and one lit test.

#ifndef ATTNC_TRANSFORMS_PASSES_TD
#define ATTNC_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def Inference : Pass<"attn-inference"> {
  let summary = "drops dropout, which is the identity at inference";
}

def FoldScale : Pass<"attn-fold-scale"> {
  let summary = "moves multiplications of scores by constants into attn.scores";
}

def SplitPaths : Pass<"attn-split-paths", "::attnc::ir::LayerOp"> {
  let summary = "one attn.path for each set of outputs, with its own softmax rule";
  let description = [{
    The first path makes the outputs that every call gets, the second one the optional ones too. In the
    second a softmax takes its `with_scores` rule. Operations that no output needs are dropped.

    Where `attn.given` tests inputs, or an operation reads an optional input that has no stand-in, there
    are such paths for every set of these inputs that calls may bring. Outputs that have no value in such
    calls are not made, and there is no path that would read an absent input. In formulas an absent index
    is 0, a mask of truths true, a flag false, and a soft mask 1.
  }];
}

def FormAttention : Pass<"attn-form-attention"> {
  let summary = "combine(softmax(scores)) becomes attn.attention, online unless probabilities are used";
  let description = [{
    Where key and value heads serve several query heads each (attn.share_heads), attention reads the fewer
    heads themselves.

    Maps between scores and softmax become one formula, the region `score`.
  }];
}

def BoundKeys : Pass<"attn-bound-keys"> {
  let summary = "derives the range of keys that a tile of queries can see from the mask's formula";
  let description = [{
    Comparisons are solved for the key; `&` intersects ranges, `|` takes their hull. What depends on tables
    read at positions is unknown. Flags (truths without axes) stay symbolic: the range chooses by them.
    Numbers that are the same for all pairs of a sequence and a head (an index of the call, a table read at
    the batch, the length of one of several axes) may occur in the range. No visible key is ever left out:
    where an index of the mask may wrap around for a pair of the tile, the range is every key. Under the
    rule `additive` there are no bounds, because hidden keys may count.
  }];
}

def ClassifyBlocks : Pass<"attn-classify-blocks"> {
  let summary = "derives whether a tile of queries can see a cell of keys, or certainly sees all of it";
  let description = [{
    Interval arithmetic in 64 bits, over a box of pairs: positions, sums, differences, products with
    constants and lengths, minima, maxima, absolute values, quotients and remainders by positive constants
    and lengths, comparisons and logic. A value that reads only one axis and is none of these (a table at a position, a
    real number, a product of positions) is evaluated by attn.extremes at every query of the tile, or every
    key of the cell; so is an index that reads a position twice. Masks of a call are evaluated one by one.

    Limits: a comparison is unknown where it has a table read at both axes, real numbers that read both, or
    a product of a query's and a key's position. Conditions are taken one by one, so `a | !a` is not known
    to hold. A number that may overflow the 32 bits of an index may be any index. Where nothing is known at
    all, and under the rule `additive`, there is no region `blocks`.

    The pass also describes the mask in words (MaskShape.h), for readers of the plan.
  }];
}

def FoldProjectionScale : Pass<"attn-fold-projection-scale"> {
  let summary = "moves attention's scale into the query's projection, where it costs nothing";
}

def ChoosePhases : Pass<"attn-choose-phases", "::attnc::ir::LayerOp"> {
  let summary = "adds paths for calls of one query and of few where keys and values are read in the caller's memory";
  let description = [{
    A path whose attention takes its key and value from inputs or from a cache and stores no probabilities
    is bound by reading them where there are few queries: the work is split along the keys, not along the
    queries. The path is cloned in front of itself as the phase "decode", which serves calls of at most one
    query, and as the phase "few", which serves at most 64; a schedule may let it serve fewer. Where the path
    projects its keys itself, that costs so much more that a phase would gain nothing. Pair functions,
    several query axes and the rule `additive` have no such phases.
  }];
}

#endif // ATTNC_TRANSFORMS_PASSES_TD
