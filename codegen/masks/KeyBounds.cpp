//===- KeyBounds.cpp - solving masks for the key --------------------------------===//

#include "masks/KeyBounds.h"

#include <limits>

#include "masks/TermIntervals.h"

namespace attnc::ir {

namespace {

/// More conjuncts than any mask written by hand has. Beyond that, every key may be visible.
constexpr size_t maxConjuncts = 64;

using Conjunct = std::vector<Term>;  // all of them must be at least zero

Term zero() { return constant(0); }
Term keyLength() { return atom(TermKind::keyLength); }

/// Intervals of terms over the queries of a tile and all keys. Ends are terms of the tile.
struct InTile {
  using End = Term;
  using I = Interval<Term>;

  static Term plus(const Term& a, const Term& b) { return a + b; }
  static Term minus(const Term& a, const Term& b) { return a - b; }
  static Term times(const Term& a, int64_t factor) { return a * factor; }
  static Term minimum(const Term& a, const Term& b) { return ir::minimum(a, b); }
  static Term maximum(const Term& a, const Term& b) { return ir::maximum(a, b); }
  static I checked(I i) { return i; }

  static I constant(int64_t number) { return {ir::constant(number), ir::constant(number)}; }
  static I atom(const Term& term) {
    switch (term->kind) {
      case TermKind::query:
        return I{ir::atom(TermKind::first), ir::atom(TermKind::last)};
      case TermKind::key:
        return I{zero(), keyLength() - ir::constant(1)};
      case TermKind::queryLength:
      case TermKind::keyLength:
      case TermKind::point:
        return I{term, term};
      default:
        return {};
    }
  }
  /// Not needed: ends are sums themselves, in which equal terms cancel.
  static std::vector<std::pair<I, int64_t>> together(std::vector<std::pair<Term, int64_t>>&) {
    return {};
  }
  static Term divisor(const TermNode& term) { return term.b ? term.b : ir::constant(term.number); }
  static I quotient(const I& a, const TermNode& term) {
    return IntervalRules<InTile>().rising(
        a, [&](const Term& end) { return ir::quotient(end, divisor(term)); });
  }
  static I remainder(const TermNode& term) { return I{zero(), divisor(term) - ir::constant(1)}; }
  static I product(const I& a, const TermNode& term) {
    const auto least = lowerBound(term.b);
    if (!least || *least < 0) return {};
    return IntervalRules<InTile>().rising(
        a, [&](const Term& end) { return ir::product(end, term.b); });
  }
};

Interval<Term> intervalOf(const Term& term) { return TermIntervals<InTile>().of(term); }

/// Whether all terms fit 32 bits, for every query of the tile and every key.
Condition areIndices(const std::vector<Term>& terms) {
  const Term least = constant(leastIndex), most = constant(mostIndex);
  Condition all = always();
  for (const Term& term : terms) {
    const auto interval = intervalOf(term);
    if (!interval) return never();
    all = all & notNegative(interval.low - least) & notNegative(most - interval.high);
  }
  return all;
}

class Solver {
 public:
  /// Narrows the range to keys for which `term` can be at least zero for some query of the tile.
  void require(const Term& term) { requirePlus(term, zero()); }

  Term begin = zero(), end = keyLength();
  Condition possible = always();  // a condition on the tile alone

 private:
  /// The same for term + extra, where `extra` consists of terms of the tile.
  void requirePlus(const Term& term, const Term& extra) {
    Term rest = constant(constantOf(term)) + extra, solved;
    int64_t factor = 0;
    for (auto& [part, own] : partsOf(term)) {
      if (part->hasKey) {
        if (solved) return;  // two different functions of the key
        solved = part, factor = own;
        continue;
      }
      const auto interval = intervalOf(part);
      if (!interval) return;
      rest = rest + (own > 0 ? interval.high : interval.low) * own;
    }
    if (!solved) {
      possible = possible & notNegative(rest);
      return;
    }
    if (factor == std::numeric_limits<int64_t>::min()) return;
    // factor * solved + rest >= 0 is solved >= -floor(rest / factor) for a positive factor, and
    // solved <= floor(rest / -factor) for a negative one.
    const bool atLeast = factor > 0;
    Term bound = atLeast ? quotient(rest, factor) * -1 : quotient(rest, -factor);
    if (bound->kind == TermKind::unknown) return;
    switch (solved->kind) {
      case TermKind::key:
        if (atLeast)
          begin = maximum(begin, bound);
        else
          end = minimum(end, bound + constant(1));
        return;
      case TermKind::quotient: {
        // floor(g / d) >= b is g >= d b; <= b is g <= d b + d - 1
        const Term d = divisorOf(solved);
        if (atLeast)
          requirePlus(solved->a, product(bound, d) * -1);
        else
          requirePlus(solved->a * -1, product(bound, d) + d - constant(1));
        return;
      }
      case TermKind::remainder:  // only its interval [0, d) is used
        possible =
            possible & notNegative(atLeast ? divisorOf(solved) - constant(1) - bound : bound);
        return;
      default:
        return;
    }
  }
};

/// term >= 0, with minima, maxima and choices of the key lifted out of the comparison:
/// `max(a, b) + c >= 0` is `a + c >= 0 | b + c >= 0`.
Condition lifted(const Term& term, int depth = 0) {
  for (auto& [part, factor] : partsOf(term)) {
    const TermKind kind = part->kind;
    const bool extreme = kind == TermKind::minimum || kind == TermKind::maximum;
    if (!part->hasKey || (!extreme && kind != TermKind::choice)) continue;
    if (depth == 6) return unknown();  // 64 comparisons out of one
    Term others = term - part * factor;
    Condition a = lifted(others + part->a * factor, depth + 1);
    Condition b = lifted(others + part->b * factor, depth + 1);
    if (kind == TermKind::choice) return (part->condition & a) | ((!part->condition) & b);
    return (kind == TermKind::maximum) == (factor > 0) ? a | b : a & b;
  }
  return notNegative(term);
}

/// The conjuncts of the disjunctive normal form; nullopt where there are too many.
std::optional<std::vector<Conjunct>> conjuncts(const Condition& condition, int depth = 0) {
  std::vector<Conjunct> out;
  switch (condition->kind) {
    case ConditionKind::never:
      return out;
    case ConditionKind::flag:
    case ConditionKind::unknown:
    case ConditionKind::always:
      return std::vector<Conjunct>{{}};
    case ConditionKind::notNegative: {
      // The condition of a choice has to be lifted in turn, until nothing is left to lift.
      Condition flat = lifted(condition->term);
      if (flat->kind == ConditionKind::notNegative) return std::vector<Conjunct>{{flat->term}};
      if (depth == 64) return std::nullopt;
      return conjuncts(flat, depth + 1);
    }
    case ConditionKind::either: {
      auto a = conjuncts(condition->a, depth), b = conjuncts(condition->b, depth);
      if (!a || !b || a->size() + b->size() > maxConjuncts) return std::nullopt;
      a->insert(a->end(), b->begin(), b->end());
      return a;
    }
    case ConditionKind::both: {
      auto a = conjuncts(condition->a, depth), b = conjuncts(condition->b, depth);
      if (!a || !b || a->size() * b->size() > maxConjuncts) return std::nullopt;
      for (const Conjunct& x : *a) {
        for (const Conjunct& y : *b) {
          out.push_back(x);
          out.back().insert(out.back().end(), y.begin(), y.end());
        }
      }
      return out;
    }
  }
  return std::nullopt;
}

}  // namespace

bool isAllKeys(const KeyRange& range) {
  return same(range.begin, zero()) && same(range.end, keyLength());
}

namespace {

/// The range where no index wraps around.
KeyRange whereExact(const Condition& visible) {
  const KeyRange all{zero(), keyLength()};
  auto disjuncts = conjuncts(visible);
  if (!disjuncts) return all;

  Term begin, end;
  for (const Conjunct& conjunct : *disjuncts) {
    Solver solver;
    for (const Term& term : conjunct) solver.require(term);
    Term low = solver.begin, high = solver.end;
    if (solver.possible->kind == ConditionKind::never) continue;
    if (solver.possible->kind == ConditionKind::always && isAllKeys({low, high})) return all;
    // An empty range must not widen the hull, so it becomes [S, 0). A single range has no hull to
    // widen. One that begins at 0 is almost never empty and is not tested: it may needlessly pull
    // the begin of the hull to 0, but bounds stay short.
    const bool alone = disjuncts->size() == 1;
    Condition nonempty = same(low, zero()) || alone
                             ? solver.possible
                             : solver.possible & notNegative(high - low - constant(1));
    low = choice(nonempty, low, keyLength());
    high = choice(nonempty, high, zero());
    begin = begin ? minimum(begin, low) : low;
    end = end ? maximum(end, high) : high;
  }
  if (!begin) return {zero(), zero()};
  end = maximum(end, zero());
  return {minimum(begin, end), end};
}

}  // namespace

KeyRange keyBounds(const Condition& visible, const std::vector<Term>& indices) {
  const KeyRange all{zero(), keyLength()}, some = whereExact(visible);
  const Condition exact = areIndices(indices);
  return {choice(exact, some.begin, all.begin), choice(exact, some.end, all.end)};
}

}  // namespace attnc::ir
