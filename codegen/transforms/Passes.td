//===- Passes.td - from a layer as described to a layer as computed ----------===//
//
// In the order of the pipeline (Pipeline.cpp). One .cpp and one lit test each.

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
    The first path makes the outputs that every call gets, the second one also the optional ones. A
    softmax takes its `with_scores` rule in the second. What no output needs is left behind.

    Where `attn.given` asks for inputs, or something takes an input that may be absent and has no stand-in,
    there are such paths for every set of them that calls may bring.
    An output that is nothing in these calls is not made; where something takes an input that is absent
    there is no path. Formulas read 0 (a mask true, a flag false, a soft mask 1) of what is absent.
  }];
}

def FormAttention : Pass<"attn-form-attention"> {
  let summary = "combine(softmax(scores)) becomes attn.attention, online unless probabilities are used";
  let description = [{
    Where key and value are shared by several query heads each, attention takes the fewer heads themselves.

    Maps between scores and softmax become one formula, the region `score`.
  }];
}

def BoundKeys : Pass<"attn-bound-keys"> {
  let summary = "writes the range of keys that a tile of queries can see, from the mask's formula";
  let description = [{
    Comparisons are solved for the key, `&` intersects, `|` takes the hull; what is known at run time
    only, such as a table at a position, may be anything. Scalar truth inputs stay: the range is chosen by
    them. A number that is the same for all pairs of a sequence and a head (an index of the call, a table
    read at the batch, the length of one of several axes) is one that the range is told in. Nothing
    visible is ever left out: where an index of the mask may wrap around for a pair of the tile, the range is
    every key. Masks of the rule `additive` get no bounds: hidden keys may count there.
  }];
}

def ClassifyBlocks : Pass<"attn-classify-blocks"> {
  let summary = "writes what is known of a tile of queries with a cell of keys, from the mask's formula";
  let description = [{
    Interval arithmetic in 64 bits, over a box of pairs: positions, sums, differences, products with numbers and
    lengths, minima, maxima, absolute values, quotients and remainders by positive numbers and lengths,
    comparisons and logic. What reads one axis only and is none of these (a table at a position, a real
    number, a product) is looked at for every query of the tile, or every key of the cell, by
    attn.extremes; so is a number that reads a position twice. Masks of a call are looked at one by one.

    Its limits: a comparison of what reads a table at both axes, or real numbers of both, or a product of
    two positions, may be anything; and conditions are taken one by one, so that `a | !a` is not known to
    hold. What may leave the 32 bits of an index may be any index. Where nothing is known at all, and under the rule `additive`, nothing is written.

    It also says in words what the mask is (MaskShape.h), for whoever reads the plan.
  }];
}

def FoldProjectionScale : Pass<"attn-fold-projection-scale"> {
  let summary = "moves attention's scale into the query's projection, where it costs nothing";
}

def ChoosePhases : Pass<"attn-choose-phases", "::attnc::ir::LayerOp"> {
  let summary = "a path of its own for calls of one query, where keys and values are read as they lie";
  let description = [{
    A path whose attention takes its key and value from inputs or from a cache and stores no probabilities
    is bound by reading them: with one query it is cut along the keys, not along the queries. It is cloned in front of
    itself as the phase "decode", which serves calls of at most one query. Projected keys are made by the
    path itself, at a cost beside which this does not count. Pair functions and the rule `additive` have
    no such phase.
  }];
}

#endif // ATTNC_TRANSFORMS_PASSES_TD
