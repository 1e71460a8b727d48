#include "halide/formula.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "halide/numerics.h"

namespace attnc {

using namespace Halide;
using attn::Fn;
using attn::Kind;

namespace {

/// An operation on indices, computed on unsigned numbers so that it wraps around. Halide assumes
/// that signed operations do not overflow and simplifies accordingly.
template <class Op>
Expr wrapping(const Expr& a, const Expr& b, Op op) {
  return reinterpret<int32_t>(op(reinterpret<uint32_t>(a), reinterpret<uint32_t>(b)));
}
Expr wrapping_difference(const Expr& a, const Expr& b) {
  return wrapping(a, b, [](const Expr& x, const Expr& y) { return x - y; });
}

/// Hides from Halide how an index is computed, by an exclusive or with zero: the sign of a length,
/// which is never negative. Halide 21 fails on some index expressions of which it knows one bound
/// while the other depends on a table ("Cannot replace variable ... of type int32 with expression
/// of type (void *)"). It also simplifies uint32(int32(x)) of a real x to uint32(x), which is wrong
/// for negative x.
Expr hidden(const Expr& index, const Site& site) {
  return index ^ cast(index.type(), site.key_length >> 31);
}

/// a / b rounded towards zero; 0 where b is 0.
Expr truncating_division(const Expr& a, const Expr& b, const Site& site) {
  // Halide's integer division by a positive divisor rounds towards minus infinity.
  if (const auto divisor = Internal::as_const_int(b); divisor && *divisor > 0) {
    const Expr up = Internal::make_const(a.type(), *divisor - 1);
    return (a + select(a < 0, up, Internal::make_zero(a.type()))) / b;
  }
  const Expr one = Internal::make_one(b.type()), zero = Internal::make_zero(b.type());
  const Expr by = select(b == zero, one, b);
  // Bounds are computed once per tile or cell, so speed does not matter.
  if (a.type().bits() == 64) return select(b == zero, zero, div_round_to_zero(a, by));
  // In double, because there is no vector division of integers. There a quotient of 32-bit integers
  // is rounded to an integer only if it is one. The cast truncates; `trunc` would be a library call
  // on targets without an instruction for it (plain x86-64). The only quotient that does not fit an
  // index is 2^31, the least index by -1.
  const Expr quotient = strict_float(cast<double>(a) / cast<double>(by));
  return select(b == 0, 0, b == -1, wrapping_difference(0, a),
                hidden(cast<int32_t>(quotient), site));
}

Expr truncating_remainder(const Expr& a, const Expr& b, const Site& site) {
  const Expr zero = Internal::make_zero(a.type()), minus_one = Internal::make_const(a.type(), -1);
  // The product is no larger than a, except for the least index by -1.
  return select(b == zero || b == minus_one, zero, a - b * truncating_division(a, b, site));
}

const Expr& present(const Expr& position) {
  if (!position.defined()) throw std::logic_error("a formula reads a position that is not there");
  return position;
}

Expr position(const PlanStep& step, const Site& site) {
  switch (step.axis().kind) {
    case Kind::batch:
      return site.batch;
    case Kind::head:
      return site.head;
    case Kind::query:
    case Kind::update:  // in elementwise stages, where rows of new keys take the place of queries
      return site.query;
    case Kind::key:
      return site.key;
    case Kind::size:
      return present(site.size);
    case Kind::feature:
      return present(site.feature);
    default:
      break;
  }
  throw std::logic_error("a formula reads a position that kernels do not have");
}

Expr edge(const PlanStep& step, const Site& site) {
  switch (step.edge()) {
    case PlanEdge::first_query:
      return site.query;
    case PlanEdge::last_query:
      return site.last_query;
    case PlanEdge::first_key:
      return site.key;
    case PlanEdge::last_key:
      return present(site.last_key);
  }
  throw std::logic_error("a formula reads an edge that there is not");
}

Expr length(const PlanStep& step, const Site& site) {
  const auto [kind, number] = step.axis();
  if (number != 0) return site.length(kind, number);
  return kind == Kind::query ? site.query_length : site.key_length;
}

Halide::Type type_of(PlanType type, const Site& site) {
  switch (type) {
    case PlanType::real:
      return site.real;
    case PlanType::index:
      return Int(32);
    case PlanType::bound:
      return Int(64);
    case PlanType::truth:
      break;
  }
  return Bool();
}

/// A step's function applied at a site. Operands have the types that the function takes.
struct Call {
  const PlanStep& step;
  const std::vector<Expr>& x;
  const Site& site;

  bool of_reals() const { return step.type == PlanType::real; }
  /// Applies an operator, which wraps around on indices.
  template <class Op>
  Expr by(Op op) const {
    return step.type == PlanType::index ? wrapping(x[0], x[1], op) : op(x[0], x[1]);
  }
};

using Meaning = Expr (*)(const Call&);
template <Expr (*function)(const Expr&)>
Expr of(const Call& c) {
  return function(c.x[0]);
}
template <Expr (*function)(const Expr&, const Expr&)>
Expr of(const Call& c) {
  return function(c.x[0], c.x[1]);
}

constexpr bool has_meaning(Fn fn) { return attn::signature(fn) != attn::Signature::read; }

constexpr auto meanings = attn::by_function<Meaning>(
    has_meaning,
    {
        {Fn::add, [](const Call& c) { return c.by([](auto a, auto b) { return a + b; }); }},
        {Fn::sub, [](const Call& c) { return c.by([](auto a, auto b) { return a - b; }); }},
        {Fn::mul, [](const Call& c) { return c.by([](auto a, auto b) { return a * b; }); }},
        {Fn::div,
         [](const Call& c) {
           return c.of_reals() ? c.x[0] / c.x[1] : truncating_division(c.x[0], c.x[1], c.site);
         }},
        {Fn::rem,
         [](const Call& c) {
           return c.of_reals() ? remainder_of(c.x[0], c.x[1])
                               : truncating_remainder(c.x[0], c.x[1], c.site);
         }},
        {Fn::neg,
         [](const Call& c) {
           return c.step.type == PlanType::index ? wrapping_difference(0, c.x[0]) : -c.x[0];
         }},
        {Fn::abs,
         [](const Call& c) {
           return c.step.type == PlanType::index
                      ? select(c.x[0] < 0, wrapping_difference(0, c.x[0]), c.x[0])
                      : abs(c.x[0]);
         }},
        {Fn::min, [](const Call& c) { return min(c.x[0], c.x[1]); }},
        {Fn::max, [](const Call& c) { return max(c.x[0], c.x[1]); }},
        {Fn::exp, of<exp_of>},
        {Fn::exp2, of<exp2_of>},
        {Fn::log, of<log_of>},
        {Fn::sin, of<sin_of>},
        {Fn::cos, of<cos_of>},
        {Fn::tanh, of<tanh_of>},
        {Fn::sqrt, [](const Call& c) { return sqrt(c.x[0]); }},
        {Fn::rsqrt,
         [](const Call& c) { return Internal::make_const(c.site.real, 1) / sqrt(c.x[0]); }},
        {Fn::pow, of<pow_of>},
        {Fn::sigmoid, nullptr},  // plans have 1 / (1 + exp(-x)) instead, as MLIR does
        {Fn::less, [](const Call& c) { return c.x[0] < c.x[1]; }},
        {Fn::less_equal, [](const Call& c) { return c.x[0] <= c.x[1]; }},
        {Fn::equal, [](const Call& c) { return c.x[0] == c.x[1]; }},
        {Fn::both, [](const Call& c) { return c.x[0] && c.x[1]; }},
        {Fn::either, [](const Call& c) { return c.x[0] || c.x[1]; }},
        {Fn::negate, [](const Call& c) { return !c.x[0]; }},
        {Fn::where, [](const Call& c) { return select(c.x[0], c.x[1], c.x[2]); }},
        {Fn::truncate, of<truncated>},
        {Fn::convert, [](const Call& c) { return cast(type_of(c.step.type, c.site), c.x[0]); }},
    });

Expr function_of(const PlanStep& step, const std::vector<Expr>& x, const Site& site) {
  if (const Meaning meaning = meanings[static_cast<size_t>(step.fn)])
    return meaning({step, x, site});
  throw std::logic_error(std::string("a formula uses `") +
                         attn::fn_names[static_cast<size_t>(step.fn)] +
                         "`, which is no function of plans");
}

/// Formulas are computed in the order in which they are written: x + (1 - mask) * -1e9 in another
/// order gives another number. Operations are made strict one by one, because strict_float would
/// also apply to everything below, where multiply-adds are welcome (the polynomial of tanh).
Expr arithmetic(const PlanStep& step, const std::vector<Expr>& x, const Site& site) {
  const Expr v = function_of(step, x, site);
  auto strictly = [&](auto* op, Internal::Call::IntrinsicOp strict) {
    return Internal::Call::make(v.type(), strict, {op->a, op->b}, Internal::Call::PureIntrinsic);
  };
  if (step.type != PlanType::real) return v;
  if (auto* op = v.as<Internal::Add>()) return strictly(op, Internal::Call::strict_add);
  if (auto* op = v.as<Internal::Sub>()) return strictly(op, Internal::Call::strict_sub);
  if (auto* op = v.as<Internal::Mul>()) return strictly(op, Internal::Call::strict_mul);
  if (auto* op = v.as<Internal::Div>()) return strictly(op, Internal::Call::strict_div);
  return v;
}

/// An operation on indices that depend on data, such that Halide finds no one-sided bound of any
/// part of it (see hidden).
Expr arithmetic_of_data(const PlanStep& step, const std::vector<Expr>& x, const Site& site) {
  switch (step.fn) {
    case Fn::min:
      return select(hidden(x[0], site) < x[1], x[0], x[1]);
    case Fn::max:
      return select(hidden(x[0], site) < x[1], x[1], x[0]);
    case Fn::abs:
      return select(hidden(x[0], site) < 0, arithmetic({.fn = Fn::neg, .type = step.type}, x, site),
                    x[0]);
    default:
      return hidden(arithmetic(step, x, site), site);
  }
}

}  // namespace

std::vector<Expr> evaluate(const PlanFormula& formula, const Site& site) {
  std::vector<Expr> value;
  // An operand of an elementary function that contains such a function itself is bound to a name.
  // Functions read their operand several times and strict_float copies it, so nested copies would
  // grow exponentially.
  std::vector<std::pair<std::string, Expr>> named;
  std::vector<bool> has_function;
  std::vector<bool> is_data;  // indices and bounds that depend on data, not only on positions
  for (const PlanStep& step : formula.steps) {
    std::vector<Expr> operands;
    bool of_data = step.fn == Fn::element || step.fn == Fn::own || step.fn == Fn::truncate;
    bool of_function = attn::is_real(step.fn);
    for (int o : step.operand) {
      if (o < 0) continue;
      Expr& operand = value.at(static_cast<size_t>(o));
      if (has_function.at(static_cast<size_t>(o))) {
        if (attn::is_real(step.fn) && !operand.as<Internal::Variable>()) {
          named.emplace_back(Internal::unique_name("operand"), operand);
          operand = Internal::Variable::make(operand.type(), named.back().first);
        }
        of_function = true;
      }
      operands.push_back(operand);
      of_data = of_data || is_data.at(static_cast<size_t>(o));
    }
    is_data.push_back(of_data && (step.type == PlanType::index || step.type == PlanType::bound));
    has_function.push_back(of_function);
    switch (step.fn) {
      case Fn::number:
        value.push_back(step.type == PlanType::real ? Internal::make_const(site.real, step.real())
                        : step.type == PlanType::bound ? Internal::make_const(Int(64), step.bound())
                                                       : Expr(step.index()));
        break;
      case Fn::argument:
        value.push_back(site.arguments.at(step.bits));
        break;
      case Fn::position:
        value.push_back(position(step, site));
        break;
      case Fn::edge:
        value.push_back(edge(step, site));
        break;
      case Fn::length:
        value.push_back(length(step, site));
        break;
      case Fn::own:
      case Fn::element:
        value.push_back(site.read(step, operands));
        break;
      case Fn::convert:  // has no need of `hidden`
        value.push_back(function_of(step, operands, site));
        break;
      default:
        if (step.fn == Fn::equal && operands[0].type() == Int(32) && !of_data) {
          // Halide 21 solves equations for loop variables, and turns
          // 64 y + i == (32 y + i / 2) * 2 into y == 0.
          value.push_back(hidden(wrapping_difference(operands[0], operands[1]), site) == 0);
          break;
        }
        value.push_back(is_data.back() ? arithmetic_of_data(step, operands, site)
                                       : arithmetic(step, operands, site));
    }
  }
  std::vector<Expr> results;
  for (int r : formula.results) {
    Expr result = value.at(static_cast<size_t>(r));
    for (size_t i = named.size(); i-- > 0;)
      if (Internal::expr_uses_var(result, named[i].first))
        result = Internal::Let::make(named[i].first, named[i].second, result);
    results.push_back(result);
  }
  return results;
}

}  // namespace attnc
