//===- Terms.h - integer formulas of positions, simplified as they are made ---===//
//
//   Term last = atom(TermKind::last), s = atom(TermKind::keyLength);
//   Term end = minimum(s, last + constant(1));
//
// Terms are integers: sums of atoms with coefficients, quotients and remainders (rounding down,
// divisor positive), products with points, minima, maxima, choices. Conditions compare a term with
// zero. Equal terms have equal text, which is how they are told apart. Lengths are from 0 to 2^31 -
// 1, positions below their length, points any numbers of 32 bits; simplification uses it.
//
// Terms are true integers, indices of formulas wrap around at 32 bits: a term stands for an index
// only where it keeps to 32 bits (MaskReader.h says of which terms that has to be asked). What
// would leave 64 bits is the term `unknown`. Not here: what terms mean for keys (KeyBounds.h), and
// their MLIR form (BoundKeys.cpp).
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
  key,  // of one pair; in masks
  first,
  last,  // a tile's first and last query; in bounds
  queryLength,
  keyLength,
  point,  // a number that is the same for all pairs of a sequence and a head, as an index of the
          // call is: of any sign, or a length of one axis, which is positive
  sum,
  quotient,
  remainder,
  product,  // of a term and a point
  minimum,
  maximum,
  choice,
  unknown,  // beyond 64 bits; whatever is made of it is unknown too
};
enum class ConditionKind {
  never,
  always,
  unknown,      // may be either, and its negation too
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
  int64_t number = 0;  // a sum's constant; a divisor; which point
  bool positive = false;
  std::vector<std::pair<Term, int64_t>> parts{};  // a sum's atoms, by text, with coefficients
  Term a{}, b{};                                  // b: also a divisor that is a point
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
/// What a quotient or a remainder divides by.
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

/// What a term can be at least and at most, whatever its positions are. Nothing where that is
/// beyond 64 bits.
std::optional<int64_t> lowerBound(const Term& term);
std::optional<int64_t> upperBound(const Term& term);
/// Surely a number of 32 bits, as an index is.
bool surelyIndex(const Term& term);
/// Surely computed without leaving 64 bits, whatever the order of additions.
bool surelyComputable(const Term& term);
/// Surely a <= b.
bool surelyAtMost(const Term& a, const Term& b);

/// The term's atoms with their coefficients.
std::vector<std::pair<Term, int64_t>> partsOf(const Term& term);
int64_t constantOf(const Term& term);

}  // namespace attnc::ir
