//===- Terms.cpp - making and simplifying terms --------------------------------===//

#include "masks/Terms.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string_view>

#include "masks/TermIntervals.h"

namespace attnc::ir {

namespace {

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (std::string_view part : parts) out += part;
  return out;
}

Term make(TermNode node) { return std::make_shared<const TermNode>(std::move(node)); }
Condition make(ConditionNode node) {
  return std::make_shared<const ConditionNode>(std::move(node));
}

Term makeSum(std::map<std::string, std::pair<Term, int64_t>> atoms, int64_t number) {
  TermNode node{.kind = TermKind::sum, .number = number};
  for (auto& [text, part] : atoms) {
    if (part.second == 0) continue;
    node.hasKey |= part.first->hasKey;
    node.parts.push_back(part);
  }
  if (node.parts.size() == 1 && node.parts[0].second == 1 && number == 0)
    return node.parts[0].first;
  node.text.push_back('(');
  for (auto& [part, factor] : node.parts)
    node.text += joined({std::to_string(factor), "*", part->text, "+"});
  node.text += joined({std::to_string(number), ")"});
  return make(std::move(node));
}

bool isUnknown(const Term& term) { return term->kind == TermKind::unknown; }
Term unknownTerm() { return make(TermNode{.kind = TermKind::unknown, .text = "?"}); }

Term combine(const Term& a, int64_t x, const Term& b, int64_t y) {
  if (isUnknown(a) || isUnknown(b)) return unknownTerm();
  std::map<std::string, std::pair<Term, int64_t>> atoms;
  for (auto& [term, factor] : {std::pair(a, x), std::pair(b, y)}) {
    for (auto& [part, own] : partsOf(term)) {
      auto& entry = atoms[part->text];
      const Exact sum = plus(entry.second, times(factor, own));
      if (!sum) return unknownTerm();
      entry = {part, *sum};
    }
  }
  const Exact number = plus(times(x, constantOf(a)), times(y, constantOf(b)));
  return number ? makeSum(std::move(atoms), *number) : unknownTerm();
}

Term pair(TermKind kind, const char* name, const Term& a, const Term& b) {
  // The operands are ordered, so that equal terms have equal text.
  const bool swapped = b->text < a->text;
  const Term &x = swapped ? b : a, &y = swapped ? a : b;
  return make(TermNode{.kind = kind,
                       .a = x,
                       .b = y,
                       .text = joined({name, "(", x->text, ",", y->text, ")"}),
                       .hasKey = a->hasKey || b->hasKey});
}

Condition pair(ConditionKind kind, const char* name, const Condition& a, const Condition& b) {
  return make(ConditionNode{
      .kind = kind, .a = a, .b = b, .text = joined({"(", a->text, name, b->text, ")"})});
}

bool absorbs(const Term& outer, TermKind kind, const Term& inner) {
  return outer->kind == kind && (same(outer->a, inner) || same(outer->b, inner));
}

}  // namespace

std::vector<std::pair<Term, int64_t>> partsOf(const Term& term) {
  if (term->kind == TermKind::sum) return term->parts;
  return {{term, 1}};
}
int64_t constantOf(const Term& term) { return term->kind == TermKind::sum ? term->number : 0; }

Term constant(int64_t number) { return makeSum({}, number); }

Term atom(TermKind kind) {
  static constexpr const char* names[] = {"query", "key", "first", "last", "T", "S"};
  return make(TermNode{
      .kind = kind, .text = names[static_cast<int>(kind)], .hasKey = kind == TermKind::key});
}

Term point(int number, bool positive) {
  return make(TermNode{.kind = TermKind::point,
                       .number = number,
                       .positive = positive,
                       .text = joined({"point", std::to_string(number)})});
}

Term operator+(const Term& a, const Term& b) { return combine(a, 1, b, 1); }
Term operator-(const Term& a, const Term& b) { return combine(a, 1, b, -1); }
Term operator*(const Term& a, int64_t factor) { return combine(a, factor, constant(0), 0); }

Term quotient(const Term& a, int64_t divisor) {
  if (divisor == 1 || isUnknown(a)) return a;
  if (a->isConstant()) return constant(floorDivision(a->number, divisor));
  return make(TermNode{.kind = TermKind::quotient,
                       .number = divisor,
                       .a = a,
                       .text = joined({"(", a->text, "/", std::to_string(divisor), ")"}),
                       .hasKey = a->hasKey});
}

Term remainder(const Term& a, int64_t divisor) {
  if (isUnknown(a)) return a;
  if (divisor == 1) return constant(0);
  if (a->isConstant()) return constant(a->number - divisor * floorDivision(a->number, divisor));
  return make(TermNode{.kind = TermKind::remainder,
                       .number = divisor,
                       .a = a,
                       .text = joined({"(", a->text, "%", std::to_string(divisor), ")"}),
                       .hasKey = a->hasKey});
}

Term divisorOf(const Term& term) { return term->b ? term->b : constant(term->number); }

namespace {
Term divided(TermKind kind, const char* sign, const Term& a, const Term& divisor) {
  return make(TermNode{.kind = kind,
                       .a = a,
                       .b = divisor,
                       .text = joined({"(", a->text, sign, divisor->text, ")"}),
                       .hasKey = a->hasKey});
}
}  // namespace

Term quotient(const Term& a, const Term& divisor) {
  if (isUnknown(a) || isUnknown(divisor)) return unknownTerm();
  if (divisor->isConstant()) return quotient(a, divisor->number);
  return divided(TermKind::quotient, "/", a, divisor);
}
Term remainder(const Term& a, const Term& divisor) {
  if (isUnknown(a) || isUnknown(divisor)) return unknownTerm();
  if (divisor->isConstant()) return remainder(a, divisor->number);
  return divided(TermKind::remainder, "%", a, divisor);
}

Term product(const Term& a, const Term& factor) {
  if (isUnknown(a) || isUnknown(factor)) return unknownTerm();
  if (factor->isConstant()) return a * factor->number;
  Term sum = factor * constantOf(a);
  for (auto& [part, own] : partsOf(a)) {
    if (part->isConstant()) continue;
    sum = sum + make(TermNode{.kind = TermKind::product,
                              .a = part,
                              .b = factor,
                              .text = joined({"(", part->text, "*", factor->text, ")"}),
                              .hasKey = part->hasKey}) *
                    own;
  }
  return sum;
}

Term minimum(const Term& a, const Term& b) {
  if (isUnknown(a) || isUnknown(b)) return unknownTerm();
  if (surelyAtMost(a, b) || absorbs(a, TermKind::minimum, b)) return a;
  if (surelyAtMost(b, a) || absorbs(b, TermKind::minimum, a)) return b;
  return pair(TermKind::minimum, "min", a, b);
}
Term maximum(const Term& a, const Term& b) {
  if (isUnknown(a) || isUnknown(b)) return unknownTerm();
  if (surelyAtMost(a, b) || absorbs(b, TermKind::maximum, a)) return b;
  if (surelyAtMost(b, a) || absorbs(a, TermKind::maximum, b)) return a;
  return pair(TermKind::maximum, "max", a, b);
}

Term choice(const Condition& condition, const Term& a, const Term& b) {
  if (condition->kind == ConditionKind::always || same(a, b)) return a;
  if (condition->kind == ConditionKind::never) return b;
  if (isUnknown(a) || isUnknown(b)) return unknownTerm();
  return make(TermNode{.kind = TermKind::choice,
                       .a = a,
                       .b = b,
                       .condition = condition,
                       .text = joined({"(", condition->text, "?", a->text, ":", b->text, ")"}),
                       .hasKey = true});  // its condition may read the key: assume so
}

Condition always() { return make(ConditionNode{.kind = ConditionKind::always, .text = "true"}); }
Condition never() { return make(ConditionNode{.kind = ConditionKind::never, .text = "false"}); }
Condition unknown() { return make(ConditionNode{.kind = ConditionKind::unknown, .text = "?"}); }
Condition flag(int number) {
  return make(ConditionNode{.kind = ConditionKind::flag,
                            .flag = number,
                            .text = joined({"flag", std::to_string(number)})});
}

Condition notNegative(const Term& term) {
  if (isUnknown(term)) return unknown();
  if (auto low = lowerBound(term); low && *low >= 0) return always();
  if (auto high = upperBound(term); high && *high < 0) return never();
  return make(ConditionNode{
      .kind = ConditionKind::notNegative, .term = term, .text = joined({term->text, ">=0"})});
}

Condition operator&(const Condition& a, const Condition& b) {
  if (a->kind == ConditionKind::never || b->kind == ConditionKind::always) return a;
  if (b->kind == ConditionKind::never || a->kind == ConditionKind::always) return b;
  return a->text == b->text ? a : pair(ConditionKind::both, "&", a, b);
}
Condition operator|(const Condition& a, const Condition& b) {
  if (a->kind == ConditionKind::always || b->kind == ConditionKind::never) return a;
  if (b->kind == ConditionKind::always || a->kind == ConditionKind::never) return b;
  return a->text == b->text ? a : pair(ConditionKind::either, "|", a, b);
}
Condition operator!(const Condition& a) {
  switch (a->kind) {
    case ConditionKind::never:
      return always();
    case ConditionKind::always:
      return never();
    // Flags are replaced by their values before masks are negated (BoundKeys.cpp).
    case ConditionKind::flag:
    case ConditionKind::unknown:
      return unknown();
    case ConditionKind::notNegative:
      return notNegative(constant(-1) - a->term);
    case ConditionKind::both:
      return (!a->a) | (!a->b);
    case ConditionKind::either:
      return (!a->a) & (!a->b);
  }
  return unknown();
}

namespace {

/// The length that is above a position.
std::optional<TermKind> lengthOf(TermKind position) {
  switch (position) {
    case TermKind::query:
    case TermKind::first:
    case TermKind::last:
      return TermKind::queryLength;
    case TermKind::key:
      return TermKind::keyLength;
    default:
      return std::nullopt;
  }
}

/// Intervals of terms in any call. Ends are numbers; unknown where either overflows 64 bits.
struct AnyCall : ExactArithmetic {
  using I = Interval<Exact>;

  static I constant(int64_t number) { return {number, number}; }

  static I atom(const Term& term) {
    if (lengthOf(term->kind)) return I{0, mostIndex - 1};
    switch (term->kind) {
      case TermKind::queryLength:
      case TermKind::keyLength:
        return I{0, mostIndex};
      case TermKind::point:
        return I{term->positive ? 1 : leastIndex, mostIndex};
      default:
        return {};
    }
  }

  /// A position minus its length is negative: takes such pairs out of the sum, with their factors.
  static std::vector<std::pair<I, int64_t>> together(std::vector<std::pair<Term, int64_t>>& parts) {
    std::vector<std::pair<I, int64_t>> out;
    for (auto& [position, factor] : parts) {
      for (auto& [length, other] : parts) {
        if (lengthOf(position->kind) != length->kind || (factor > 0) == (other > 0)) continue;
        int64_t both = 0;  // factor * position + other * length has both * (position - length)
        if (factor > 0 && other < 0) both = std::min(factor, -std::max(other, -mostIndex));
        if (factor < 0 && other > 0) both = std::max(factor, -other);
        factor -= both, other += both;
        out.push_back({I{-mostIndex, -1}, both});
      }
    }
    return out;
  }

  static I quotient(const I& a, const TermNode& term) {
    if (!term.b) return I{floorDivision(*a.low, term.number), floorDivision(*a.high, term.number)};
    // The divisor is a point that is at least 1.
    return I{*a.low >= 0 ? 0 : *a.low, *a.high >= 0 ? *a.high : -1};
  }
  static I remainder(const TermNode& term) { return I{0, (term.b ? mostIndex : term.number) - 1}; }
  static I product(const I& a, const TermNode& term) {
    const auto b = TermIntervals<AnyCall>().of(term.b);
    if (!b) return {};
    IntervalRules<AnyCall> rules;
    const I one = rules.scaled(a, *b.low), other = rules.scaled(a, *b.high);
    return one && other ? rules.hull(one, other) : I();
  }
};

Interval<Exact> inAnyCall(const Term& term) { return TermIntervals<AnyCall>().of(term); }

/// A bound of the absolute values of all intermediate results of a term; nullopt where it overflows
/// 64 bits.
Exact magnitude(const Term& term);

Exact magnitude(const Condition& condition) {
  if (condition->term) return magnitude(condition->term);
  if (condition->kind == ConditionKind::unknown) return std::nullopt;
  if (condition->a.get() == nullptr) return 0;
  const Exact a = magnitude(condition->a), b = magnitude(condition->b);
  return a && b ? Exact(std::max(*a, *b)) : std::nullopt;
}

Exact magnitude(const Term& term) {
  switch (term->kind) {
    case TermKind::sum: {
      Exact sum = term->number < 0 ? times(term->number, -1) : term->number;
      for (auto& [part, factor] : term->parts)
        sum = plus(sum, times(magnitude(part), factor < 0 ? times(factor, -1) : factor));
      return sum;
    }
    case TermKind::quotient:
      return plus(magnitude(term->a), magnitude(divisorOf(term)));
    case TermKind::product:
      return times(magnitude(term->a), magnitude(term->b));
    case TermKind::minimum:
    case TermKind::maximum:
    case TermKind::choice: {
      const Exact a = magnitude(term->a), b = magnitude(term->b),
                  c = term->condition ? magnitude(term->condition) : 0;
      return a && b && c ? Exact(std::max({*a, *b, *c})) : std::nullopt;
    }
    case TermKind::unknown:
      return std::nullopt;
    default:
      return -leastIndex;
  }
}

}  // namespace

std::optional<int64_t> lowerBound(const Term& term) { return inAnyCall(term).low; }
std::optional<int64_t> upperBound(const Term& term) { return inAnyCall(term).high; }
bool surelyIndex(const Term& term) {
  const auto interval = inAnyCall(term);
  return interval && *interval.low >= leastIndex && *interval.high <= mostIndex;
}
bool surelyComputable(const Term& term) { return magnitude(term).has_value(); }

bool surelyAtMost(const Term& a, const Term& b) {
  auto low = lowerBound(b - a);
  return low && *low >= 0;
}

}  // namespace attnc::ir
