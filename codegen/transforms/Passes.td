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
  }];
}

def FormAttention : Pass<"attn-form-attention"> {
  let summary = "combine(softmax(scores)) becomes attn.attention, online unless probabilities are used";
  let description = [{
    The scale is multiplied by log2(e): attn.attention counts in powers of 2, as kernels do.
  }];
}

def BoundKeys : Pass<"attn-bound-keys"> {
  let summary = "writes the range of keys that a tile of queries can see, from the mask's formula";
  let description = [{
    Comparisons are solved for the key, `&` intersects, `|` takes the hull; what is known at run time
    only, such as a table, may be anything. Scalar truth inputs stay: the range is chosen by them.
    Nothing visible is ever left out. Masks over several query or key axes get no bounds.
  }];
}

def FoldProjectionScale : Pass<"attn-fold-projection-scale"> {
  let summary = "moves attention's scale into the query's projection, where it costs nothing";
}

#endif // ATTNC_TRANSFORMS_PASSES_TD
