//===- Terms.h - integer formulas of positions, simplified as they are made ---===//
//
//   Term last = atom(TermKind::last), s = atom(TermKind::keyLength);
//   Term end = minimum(s, last + constant(1));
//
// Terms are integers: sums of atoms with coefficients, quotients and remainders (rounding down, by
// positive divisors), products with points, minima, maxima, choices. Conditions compare a term with
// zero. Equal terms have equal text, by which they are compared. Lengths are in [0, 2^31),
// positions are below their length, points are arbitrary 32-bit integers; simplification relies on
// all three.
//
// Terms are mathematical integers, while indices of formulas wrap around at 32 bits: a term equals
// its index only where it fits 32 bits (MaskReader.h says which terms have to). A term whose
// coefficients overflow 64 bits is `unknown`. Not here: solving terms for the key (KeyBounds.h),
// and their MLIR form (BoundKeys.cpp).
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace attnc::ir {

enum class TermKind {
  query,
  key,  // the query and key of a pair; in masks
  first,
  last,  // a tile's first and last query; in bounds
  queryLength,
  keyLength,
  point,  // a number that is the same for all pairs of a sequence and a head, such as an index of
          // the call. It may have any sign, unless it is `positive`, such as the length of one axis
  sum,
  quotient,
  remainder,
  product,  // of a term and a point
  minimum,
  maximum,
  choice,
  unknown,  // overflows 64 bits; every term made of it is unknown too
};
enum class ConditionKind {
  never,
  always,
  unknown,      // may hold or not, and so may its negation
  notNegative,  // the term is at least zero
  flag,         // a truth value of the call
  both,
  either,
};

struct TermNode;
struct ConditionNode;
using Term = std::shared_ptr<const TermNode>;
using Condition = std::shared_ptr<const ConditionNode>;

struct TermNode {
  TermKind kind{};
  int64_t number = 0;  // the constant of a sum, a constant divisor, or which point
  bool positive = false;
  std::vector<std::pair<Term, int64_t>> parts{};  // a sum's atoms with factors, in text order
  Term a{}, b{};                                  // operands; b: also a divisor that is a point
  Condition condition{};                          // of a choice
  std::string text{};
  bool hasKey = false;

  bool isConstant() const { return kind == TermKind::sum && parts.empty(); }
};

struct ConditionNode {
  ConditionKind kind{};
  Term term{};
  int flag = 0;
  Condition a{}, b{};
  std::string text{};
};

Term constant(int64_t number);
Term atom(TermKind kind);
Term point(int number, bool positive = false);
Term operator+(const Term& a, const Term& b);
Term operator-(const Term& a, const Term& b);
Term operator*(const Term& a, int64_t factor);
Term quotient(const Term& a, int64_t divisor);      // rounds down; divisor > 0
Term remainder(const Term& a, int64_t divisor);     // in [0, divisor)
Term quotient(const Term& a, const Term& divisor);  // a positive point
Term remainder(const Term& a, const Term& divisor);
Term product(const Term& a, const Term& factor);  // a point
/// The divisor of a quotient or a remainder.
Term divisorOf(const Term& term);
Term minimum(const Term& a, const Term& b);
Term maximum(const Term& a, const Term& b);
Term choice(const Condition& condition, const Term& a, const Term& b);

Condition always();
Condition never();
Condition unknown();
Condition flag(int number);
Condition notNegative(const Term& term);
Condition operator&(const Condition& a, const Condition& b);
Condition operator|(const Condition& a, const Condition& b);
Condition operator!(const Condition& a);

inline bool same(const Term& a, const Term& b) { return a->text == b->text; }

/// Bounds of a term in any call, whatever its positions are. nullopt where they overflow 64 bits.
std::optional<int64_t> lowerBound(const Term& term);
std::optional<int64_t> upperBound(const Term& term);
/// Whether a term certainly fits 32 bits, as an index does.
bool surelyIndex(const Term& term);
/// Whether computing a term certainly does not overflow 64 bits, in any order of additions.
bool surelyComputable(const Term& term);
/// Whether a <= b certainly holds.
bool surelyAtMost(const Term& a, const Term& b);

/// The term as a sum: its atoms with their coefficients, and its constant.
std::vector<std::pair<Term, int64_t>> partsOf(const Term& term);
int64_t constantOf(const Term& term);

}  // namespace attnc::ir
