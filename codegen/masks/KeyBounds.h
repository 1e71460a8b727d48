//===- KeyBounds.h - which keys a tile of queries can see, in closed form ------===//
//
//   // key <= query
//   keyBounds(notNegative(atom(TermKind::query) - atom(TermKind::key)))
//       -> begin 0, end min(S, last + 1)
//
// The mask is brought to disjunctive normal form; every comparison of a conjunct is solved for the
// key, with the query anywhere in the tile; ranges of a conjunct intersect, those of conjuncts join
// to their hull. What cannot be solved (remainders, products, what is unknown) leaves its
// conjunct's range as it is: the result may be too wide, never too narrow.
//
// Where an index of the mask may wrap around at 32 bits for a pair of the tile, comparisons say
// nothing of keys, and the range is every key; for most masks that is known not to happen.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "masks/Terms.h"

namespace attnc::ir {

/// Keys [begin, end), with 0 <= begin <= end <= S.
struct KeyRange {
  Term begin, end;
};

/// Terms of `visible` are of query and key; those of the range of first and last. `indices` are the
/// terms that `visible` takes for numbers of 32 bits (MaskReader::indices).
KeyRange keyBounds(const Condition& visible, const std::vector<Term>& indices);

/// Whether a range is every key.
bool isAllKeys(const KeyRange& range);

}  // namespace attnc::ir
