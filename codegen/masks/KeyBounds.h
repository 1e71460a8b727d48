//===- KeyBounds.h - which keys a tile of queries can see, in closed form ------===//
//
//   // key <= query
//   keyBounds(notNegative(atom(TermKind::query) - atom(TermKind::key)), {})
//       -> begin 0, end min(S, last + 1)
//
// The mask is brought to disjunctive normal form. Every comparison of a conjunct is solved for the
// key, with the query anywhere in the tile. Ranges within a conjunct are intersected; the result is
// the hull of the conjuncts' ranges. A comparison that cannot be solved (remainders,
// products, unknown conditions) does not narrow its conjunct's range: the result may be too wide,
// never too narrow.
//
// Where an index of the mask may wrap around at 32 bits for a pair of the tile, its comparisons do
// not bound keys, and the range is every key. For most masks the compiler knows that none does.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "masks/Terms.h"

namespace attnc::ir {

/// Keys [begin, end), with 0 <= begin <= end <= S.
struct KeyRange {
  Term begin, end;
};

/// `visible` has terms of query and key, the range has terms of first and last. `indices` are the
/// terms that have to fit 32 bits for `visible` to be the mask (MaskReader::indices).
KeyRange keyBounds(const Condition& visible, const std::vector<Term>& indices);

/// Whether a range contains every key.
bool isAllKeys(const KeyRange& range);

}  // namespace attnc::ir
