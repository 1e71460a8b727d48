//===- Terms.cpp - making and simplifying terms --------------------------------===//

#include "transforms/Terms.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string_view>

namespace attnc::ir {

namespace {

int64_t floorDivision(int64_t a, int64_t d) { return a / d - (a % d < 0); }

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

Term combine(const Term& a, int64_t x, const Term& b, int64_t y) {
  std::map<std::string, std::pair<Term, int64_t>> atoms;
  for (auto& [term, factor] : {std::pair(a, x), std::pair(b, y)}) {
    for (auto& [part, own] : partsOf(term)) {
      auto& entry = atoms[part->text];
      entry.first = part;
      entry.second += factor * own;
    }
  }
  return makeSum(std::move(atoms), x * constantOf(a) + y * constantOf(b));
}

Term pair(TermKind kind, const char* name, const Term& a, const Term& b) {
  // One order for both, so that equal terms have equal text.
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
  if (divisor == 1) return a;
  if (a->isConstant()) return constant(floorDivision(a->number, divisor));
  return make(TermNode{.kind = TermKind::quotient,
                       .number = divisor,
                       .a = a,
                       .text = joined({"(", a->text, "/", std::to_string(divisor), ")"}),
                       .hasKey = a->hasKey});
}

Term remainder(const Term& a, int64_t divisor) {
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
  if (divisor->isConstant()) return quotient(a, divisor->number);
  return divided(TermKind::quotient, "/", a, divisor);
}
Term remainder(const Term& a, const Term& divisor) {
  if (divisor->isConstant()) return remainder(a, divisor->number);
  return divided(TermKind::remainder, "%", a, divisor);
}

Term product(const Term& a, const Term& factor) {
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
  if (surelyAtMost(a, b) || absorbs(a, TermKind::minimum, b)) return a;
  if (surelyAtMost(b, a) || absorbs(b, TermKind::minimum, a)) return b;
  return pair(TermKind::minimum, "min", a, b);
}
Term maximum(const Term& a, const Term& b) {
  if (surelyAtMost(a, b) || absorbs(b, TermKind::maximum, a)) return b;
  if (surelyAtMost(b, a) || absorbs(a, TermKind::maximum, b)) return a;
  return pair(TermKind::maximum, "max", a, b);
}

Term choice(const Condition& condition, const Term& a, const Term& b) {
  if (condition->kind == ConditionKind::always || same(a, b)) return a;
  if (condition->kind == ConditionKind::never) return b;
  return make(TermNode{.kind = TermKind::choice,
                       .a = a,
                       .b = b,
                       .condition = condition,
                       .text = joined({"(", condition->text, "?", a->text, ":", b->text, ")"}),
                       .hasKey = true});  // its condition may have it: treated as if
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
    // A flag's value is put in its place before masks are negated (BoundKeys.cpp).
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

using Bound = std::optional<int64_t>;
enum class Side { lower, upper };

Bound boundOf(const Term& term, Side side);

Bound boundOfSum(const Term& term, Side side) {
  int64_t total = term->number;
  for (auto& [part, factor] : term->parts) {
    const bool rising = factor > 0;
    Bound bound = boundOf(part, rising == (side == Side::lower) ? Side::lower : Side::upper);
    if (!bound) return std::nullopt;
    total += factor * *bound;
  }
  return total;
}

Bound boundOf(const Term& term, Side side) {
  const bool lower = side == Side::lower;
  switch (term->kind) {
    case TermKind::query:
    case TermKind::key:
    case TermKind::first:
    case TermKind::last:
    case TermKind::queryLength:
    case TermKind::keyLength:
      return lower ? Bound(0) : std::nullopt;
    case TermKind::point:
      return lower && term->positive ? Bound(1) : std::nullopt;
    case TermKind::sum:
      return boundOfSum(term, side);
    case TermKind::quotient: {
      Bound a = boundOf(term->a, side);
      if (term->b) return lower && a && *a >= 0 ? Bound(0) : std::nullopt;
      return a ? Bound(floorDivision(*a, term->number)) : std::nullopt;
    }
    case TermKind::remainder:
      if (term->b) return lower ? Bound(0) : std::nullopt;
      return lower ? 0 : term->number - 1;
    case TermKind::product: {
      Bound a = boundOf(term->a, side), b = boundOf(term->b, side);
      return lower && a && b && *a >= 0 && *b >= 0 ? Bound(*a * *b) : std::nullopt;
    }
    case TermKind::minimum:
    case TermKind::maximum:
    case TermKind::choice: {
      Bound a = boundOf(term->a, side), b = boundOf(term->b, side);
      if (a && b) {
        const bool smaller =
            term->kind == TermKind::choice ? lower : term->kind == TermKind::minimum;
        return smaller ? std::min(*a, *b) : std::max(*a, *b);
      }
      // One side is enough for the lower bound of a maximum and the upper bound of a minimum.
      if (term->kind == (lower ? TermKind::maximum : TermKind::minimum)) return a ? a : b;
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> lowerBound(const Term& term) { return boundOf(term, Side::lower); }
std::optional<int64_t> upperBound(const Term& term) { return boundOf(term, Side::upper); }

bool surelyAtMost(const Term& a, const Term& b) {
  auto low = lowerBound(b - a);
  return low && *low >= 0;
}

}  // namespace attnc::ir
