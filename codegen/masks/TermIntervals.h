//===- TermIntervals.h - the interval of a term, over any kind of end ----------===//
//
//   if (auto interval = TermIntervals<Domain>().of(term)) use(interval.low, interval.high);
//
// A domain is an arithmetic of ends (Interval.h) that also gives the intervals of what terms are
// made of: `atom` (positions, lengths, points), `constant`, `quotient`, `product` and `remainder`.
// Its `together` takes groups of parts out of a sum whose joint interval is narrower than those of
// the parts imply, and returns these intervals with their factors.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "masks/Interval.h"
#include "masks/Terms.h"

namespace attnc::ir {

template <class Domain>
class TermIntervals {
 public:
  using I = Interval<typename Domain::End>;

  I of(const Term& term) {
    switch (term->kind) {
      case TermKind::sum:
        return ofSum(*term);
      case TermKind::quotient:
        return ofOne(term, [&](const I& a) { return rules_.ends.quotient(a, *term); });
      case TermKind::product:
        return ofOne(term, [&](const I& a) { return rules_.ends.product(a, *term); });
      case TermKind::remainder:
        return rules_.ends.remainder(*term);
      case TermKind::minimum:
        return ofBoth(term, [&](const I& a, const I& b) { return rules_.minimum(a, b); });
      case TermKind::maximum:
        return ofBoth(term, [&](const I& a, const I& b) { return rules_.maximum(a, b); });
      case TermKind::choice:
        return ofBoth(term, [&](const I& a, const I& b) { return rules_.hull(a, b); });
      default:
        return rules_.ends.atom(term);
    }
  }

 private:
  IntervalRules<Domain> rules_;

  I ofSum(const TermNode& sum) {
    auto parts = sum.parts;
    I total = rules_.ends.constant(sum.number);
    for (const auto& [interval, factor] : rules_.ends.together(parts))
      total = rules_.sum(total, rules_.scaled(interval, factor));
    for (auto& [part, factor] : parts) {
      if (factor == 0) continue;
      const auto own = of(part);
      if (!own) return {};
      total = rules_.sum(total, rules_.scaled(own, factor));
    }
    return total;
  }
  template <class F>
  I ofOne(const Term& term, F&& make) {
    const auto a = of(term->a);
    return a ? make(a) : I();
  }
  template <class F>
  I ofBoth(const Term& term, F&& make) {
    const auto a = of(term->a), b = of(term->b);
    return a && b ? make(a, b) : I();
  }
};

}  // namespace attnc::ir
