//===- MaskShape.h - what a mask is, in words ----------------------------------===//
//
//   maskShape(yield.getValues()[0])   // "causal & window of 512 to either side"
//
// Comparisons are recognised by their normal form over terms, so however they are written; `&`, `|`
// and `!` stay. What is not known is "formula"; masks of the call are named as the call names them.
//
//   causal, causal from the end     key <= query, with the lengths' difference between them
//   window of N before (after)      at most N keys before (after) the query's own
//   window of N to either side      |query - key| < N
//   rows (columns) within N         the same of the first (second) of two axes, |..| <= N
//   N keys back (ahead) or more     key <= query - N (key >= query + N)
//   first N keys, prefix of N       key < N; beside causal in `|` a prefix
//   padding, prefix                 key < a number of the sequence
//   blocks of N, dilated by N       query / N == key / N, (query - key) % N == 0
//   same document                   table[query] == table[key]
//
//===----------------------------------------------------------------------===//
#pragma once

#include <string>

#include "dialect/AttnDialect.h"

namespace attnc::ir {

std::string maskShape(mlir::Value visible);

}  // namespace attnc::ir
