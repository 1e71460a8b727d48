#include "plan/evaluate.h"

#include <algorithm>

#include "attn/evaluate.h"

namespace attnc {

namespace {

using attn::Fn;
using attn::Kind;
using attn::Plain;

/// A value of any PlanType. attn::Plain has no bounds.
struct Value {
  PlanType type{};
  int64_t whole = 0;  // an index, a bound or a truth
  double real = 0;

  Value(bool truth) : type(PlanType::truth), whole(truth) {}
  Value(double v) : type(PlanType::real), real(v) {}
  Value(PlanType t, int64_t v) : type(t), whole(v) {}
  /// A double, as a value of type `t`.
  Value(PlanType t, double v)
      : type(t),
        whole(t == PlanType::real    ? 0
              : t == PlanType::truth ? v != 0
                                     : static_cast<int64_t>(v)),
        real(t == PlanType::real ? v : 0) {}
  Value(const Plain& v)
      : type(v.type() == attn::Type::real    ? PlanType::real
             : v.type() == attn::Type::index ? PlanType::index
                                             : PlanType::truth),
        whole(v.type() == attn::Type::real ? 0 : v.index()),
        real(v.type() == attn::Type::real ? v.real() : 0) {}

  double number() const { return type == PlanType::real ? real : static_cast<double>(whole); }
  Plain plain() const {
    if (type == PlanType::real) return real;
    return type == PlanType::truth ? Plain(whole != 0) : Plain(whole);
  }
};

int64_t position(const PlanPlace& at, Kind kind) {
  switch (kind) {
    case Kind::batch:
      return at.batch;
    case Kind::head:
      return at.head;
    case Kind::query:
      return at.query;
    case Kind::key:
      return at.key;
    default:
      return 0;
  }
}

int64_t length(const PlanPlace& at, Kind kind, int number) {
  if (kind == Kind::query && number == 0) return at.query_length;
  if (kind == Kind::key && number == 0) return at.key_length;
  return at.length ? at.length(kind, number) : 0;
}

int64_t edge(const PlanPlace& at, PlanEdge edge) {
  switch (edge) {
    case PlanEdge::first_query:
      return at.query;
    case PlanEdge::last_query:
      return at.last_query;
    case PlanEdge::first_key:
      return at.key;
    case PlanEdge::last_key:
      return at.last_key;
  }
  return 0;
}

Value converted(PlanType type, const Value& index) {
  if (type == PlanType::real) return static_cast<double>(index.whole);
  return {type, index.whole};
}

/// A function applied to bounds, in 64 bits.
Value of_bounds(const PlanStep& s, const Value& a, const Value& b, const Value& c) {
  if (s.fn == Fn::where) return {s.type, a.whole != 0 ? b.whole : c.whole};
  return {s.type, attn::plain::meaning(s.fn).whole(a.whole, b.whole)};
}

Value value_of(const PlanStep& s, const std::vector<Value>& v, const PlanPlace& at) {
  const auto x = [&](size_t i) {
    return s.operand[i] < 0 ? Value(PlanType::index, int64_t{0})
                            : v[static_cast<size_t>(s.operand[i])];
  };
  switch (s.fn) {
    case Fn::number:
      if (s.type == PlanType::real) return s.real();
      return {s.type, s.type == PlanType::bound ? s.bound() : s.index()};
    case Fn::argument:
      return {s.type, at.arguments.at(static_cast<size_t>(s.bits))};
    case Fn::position:
      return {s.type, position(at, s.axis().kind)};
    case Fn::edge:
      return {s.type, edge(at, s.edge())};
    case Fn::convert:
      return converted(s.type, x(0));
    case Fn::length:
      return {s.type, length(at, s.axis().kind, s.axis().number)};
    case Fn::own: {
      const int64_t stands[] = {at.batch, at.head, at.query, at.key};
      return {s.type, at.read(s, stands)};
    }
    case Fn::element: {
      std::vector<int64_t> indices;
      for (size_t i = 0; i < s.operand.size() && s.operand[i] >= 0; ++i)
        indices.push_back(x(i).whole);
      return {s.type, at.read(s, indices)};
    }
    default:
      if (x(0).type == PlanType::bound || x(1).type == PlanType::bound)
        return of_bounds(s, x(0), x(1), x(2));
      return attn::plain::apply(s.fn, x(0).plain(), x(1).plain(), x(2).plain());
  }
}

std::vector<Value> values_of(const PlanFormula& formula, const PlanPlace& place) {
  std::vector<Value> v;
  v.reserve(formula.steps.size());
  for (const PlanStep& s : formula.steps) v.push_back(value_of(s, v, place));
  return v;
}

/// Whether a step is known, given which of the earlier steps are.
bool is_decided(const PlanStep& s, std::span<const Known> steps, std::span<const Known> arguments,
                const IsKnown& is_known) {
  if (s.fn == Fn::argument) return arguments[static_cast<size_t>(s.bits)].has_value();
  const auto x = [&](size_t i) -> const Known& { return steps[static_cast<size_t>(s.operand[i])]; };
  if (s.fn == Fn::both && ((x(0) && *x(0) == 0) || (x(1) && *x(1) == 0))) return true;
  if (s.fn == Fn::either && ((x(0) && *x(0) != 0) || (x(1) && *x(1) != 0))) return true;
  if (s.fn == Fn::where && x(0)) return x(*x(0) != 0 ? 1 : 2).has_value();
  for (size_t i = 0; i < s.operand.size() && s.operand[i] >= 0; ++i)
    if (!x(i)) return false;
  return !reads_input(s) || !is_known || is_known(s);
}

}  // namespace

std::vector<double> evaluate(const PlanFormula& formula, const PlanPlace& place) {
  const std::vector<Value> v = values_of(formula, place);
  std::vector<double> out;
  for (int r : formula.results) out.push_back(v[static_cast<size_t>(r)].number());
  return out;
}

std::vector<Known> evaluate(const PlanFormula& formula, const PlanPlace& place,
                            std::span<const Known> arguments, const IsKnown& is_known) {
  if (arguments.empty() && !is_known) {
    const std::vector<double> v = evaluate(formula, place);
    return {v.begin(), v.end()};
  }
  PlanPlace at = place;
  at.arguments.clear();
  for (const Known& x : arguments) at.arguments.push_back(x.value_or(0));
  if (is_known)
    at.read = [&](const PlanStep& s, std::span<const int64_t> indices) {
      return is_known(s) ? place.read(s, indices) : 0;
    };
  const std::vector<Value> v = values_of(formula, at);
  std::vector<Known> steps(v.size());
  for (size_t i = 0; i < v.size(); ++i)
    if (is_decided(formula.steps[i], steps, arguments, is_known)) steps[i] = v[i].number();
  std::vector<Known> out;
  for (int r : formula.results) out.push_back(steps[static_cast<size_t>(r)]);
  return out;
}

std::pair<Known, Known> extremes_of(const Extremes& extremes, const PlanPlace& place,
                                    const IsKnown& is_known) {
  PlanPlace at = place;
  const int64_t last_query = extremes.over == Kind::key ? at.query : at.last_query;
  const int64_t last_key = extremes.over == Kind::query ? at.key : at.last_key;
  std::pair<Known, Known> out;
  for (; at.query <= last_query; ++at.query) {
    for (at.key = place.key; at.key <= last_key; ++at.key) {
      const Known v = evaluate(extremes.formula, at, {}, is_known).at(0);
      if (!v) return {};
      out.first = out.first ? std::min(*out.first, *v) : *v;
      out.second = out.second ? std::max(*out.second, *v) : *v;
    }
  }
  return out;
}

Sight look(const Attention& attention, const PlanPlace& place, std::span<const Known> extremes,
           const IsKnown& is_known) {
  if (attention.blocks.empty()) return {.possible = true, .certain = attention.mask.empty()};
  const std::vector<Known> v = evaluate(attention.blocks, place, extremes, is_known);
  return {.possible = !v.at(0) || *v[0] != 0, .certain = v.at(1) && *v[1] != 0};
}

Sight look(const Attention& attention, const PlanPlace& place) {
  std::vector<Known> extremes;
  for (const Extremes& e : attention.extremes) {
    const auto [least, most] = extremes_of(e, place);
    extremes.push_back(least);
    extremes.push_back(most);
  }
  return look(attention, place, extremes);
}

}  // namespace attnc
