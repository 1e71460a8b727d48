//===- MaskShape.h - what a mask is, in words ----------------------------------===//
//
//   maskShape(yield.getValues()[0])   // "causal & window of 512 to either side"
//
// Comparisons are recognised by their normal form over terms, however they are written. `&`, `|`
// and `!` are kept. Masks of the call appear by the names of their inputs. Anything else is
// "formula". With T queries and S keys:
//
//   causal                          key <= query
//   window of N before (after)      key >= query - N (key <= query + N)
//   window of N to either side      |query - key| < N
//   N keys back (ahead) or more     key <= query - N (key >= query + N)
//   ... from the end                the same with query + S - T for query
//   rows (columns) within N         |query - key| <= N along the first (second) of two axes
//   first N keys, prefix of N       key < N; a prefix in a disjunction with causal
//   padding, prefix                 key < a number of the sequence; the same
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
