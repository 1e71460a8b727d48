#include "halide/formula.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "halide/numerics.h"

namespace attnc {

using namespace Halide;
using attn::Fn;
using attn::Kind;
using attn::Type;

namespace {

Expr truncating_division(const Expr& a, const Expr& b) {
  // Halide's integer division rounds towards minus infinity for positive divisors. In signed
  // numbers where it can be, whose bounds key ranges and allocations need.
  if (const auto divisor = Internal::as_const_int(b); divisor && *divisor > 0) {
    const auto up = static_cast<int32_t>(*divisor - 1);
    return (a + select(a < 0, up, 0)) / b;
  }
  // In double, where a quotient of 32-bit numbers is rounded to a whole one only if it is one: vectors
  // have no division of integers. The cast goes towards zero; `trunc` is a call of a library's where the
  // target has no instruction for it (plain x86-64).
  const Expr quotient = strict_float(cast<double>(a) / cast<double>(select(b == 0, 1, b)));
  return select(b == 0, 0, cast<int32_t>(quotient));
}

const Expr& present(const Expr& position) {
  if (!position.defined()) throw std::logic_error("a formula reads a position that is not there");
  return position;
}

Expr position(const attn::Step& step, const Site& site) {
  const unsigned number = step.bits % 16;
  switch (static_cast<Kind>(step.bits / 16)) {
    case Kind::batch:
      return site.batch;
    case Kind::head:
      return site.head;
    case Kind::query:
      return number == 0 ? site.query : site.last_query;
    case Kind::key:
      return number == 0 ? site.key : present(site.last_key);
    case Kind::size:
      return present(site.size);
    case Kind::feature:
      return present(site.feature);
    case Kind::update:  // elementwise, before they are keys
      return site.query;
    default:
      break;
  }
  throw std::logic_error("a formula reads a position that kernels do not have");
}

Expr length(const attn::Step& step, const Site& site) {
  const auto kind = static_cast<Kind>(step.bits / 16);
  if (step.bits % 16 != 0) return site.length(kind, static_cast<int>(step.bits % 16));
  return kind == Kind::query ? site.query_length : site.key_length;
}

Expr arithmetic_of(const attn::Step& step, const std::vector<Expr>& x, const Halide::Type& type) {
  const bool real = step.type == Type::real;
  auto as_real = [&](const Expr& v) { return v.type().is_float() ? v : cast(type, v); };
  // Numbers follow C++: where one operand is real, both are.
  std::vector<Expr> v = x;
  if (real && step.fn != Fn::where) {
    for (Expr& e : v) e = as_real(e);
  }
  const bool mixed =
      v.size() == 2 && !v[0].type().is_bool() && v[0].type().is_float() != v[1].type().is_float();
  if (mixed) v = {as_real(v[0]), as_real(v[1])};
  switch (step.fn) {
    case Fn::add:
      return v[0] + v[1];
    case Fn::sub:
      return v[0] - v[1];
    case Fn::mul:
      return v[0] * v[1];
    case Fn::div:
      return real ? v[0] / v[1] : truncating_division(v[0], v[1]);
    case Fn::rem:
      return real ? v[0] - v[1] * trunc(v[0] / v[1])
                  : v[0] - v[1] * truncating_division(v[0], v[1]);
    case Fn::neg:
      return -v[0];
    case Fn::abs:
      return real ? abs(v[0]) : cast<int32_t>(abs(v[0]));
    case Fn::min:
      return min(v[0], v[1]);
    case Fn::max:
      return max(v[0], v[1]);
    case Fn::less:
      return v[0] < v[1];
    case Fn::less_equal:
      return v[0] <= v[1];
    case Fn::equal:
      return v[0] == v[1];
    case Fn::both:
      return v[0] && v[1];
    case Fn::either:
      return v[0] || v[1];
    case Fn::negate:
      return !v[0];
    case Fn::exp:
      return exp_of(v[0]);
    case Fn::exp2:
      return exp2_of(v[0]);
    case Fn::tanh:
      return tanh_of(v[0]);
    case Fn::sigmoid:
      return sigmoid_of(v[0]);
    case Fn::sqrt:
      return sqrt(v[0]);
    case Fn::log:
      return log_of(v[0]);
    case Fn::sin:
      return sin_of(v[0]);
    case Fn::cos:
      return cos_of(v[0]);
    case Fn::pow:
      return pow_of(v[0], v[1]);
    case Fn::truncate:
      return truncated(as_real(v[0]));
    case Fn::rsqrt:
      return Internal::make_const(type, 1) / sqrt(v[0]);
    case Fn::where:
      return real ? select(v[0], as_real(v[1]), as_real(v[2])) : select(v[0], v[1], v[2]);
    default:
      break;
  }
  throw std::logic_error(std::string("a formula uses `") +
                         attn::fn_names[static_cast<size_t>(step.fn)] +
                         "`, which the importer should have refused");
}

/// A formula is computed in the order in which it is written: x + (1 - mask) * -1e9 in another one
/// is another number. Operation by operation, as strict_float would take in all that lies below,
/// where multiply-adds are welcome (tanh's polynomial).
Expr arithmetic(const attn::Step& step, const std::vector<Expr>& x, const Halide::Type& type) {
  const Expr v = arithmetic_of(step, x, type);
  auto strictly = [&](auto* op, Internal::Call::IntrinsicOp strict) {
    return Internal::Call::make(v.type(), strict, {op->a, op->b}, Internal::Call::PureIntrinsic);
  };
  if (step.type != Type::real) return v;
  if (auto* op = v.as<Internal::Add>()) return strictly(op, Internal::Call::strict_add);
  if (auto* op = v.as<Internal::Sub>()) return strictly(op, Internal::Call::strict_sub);
  if (auto* op = v.as<Internal::Mul>()) return strictly(op, Internal::Call::strict_mul);
  if (auto* op = v.as<Internal::Div>()) return strictly(op, Internal::Call::strict_div);
  return v;
}

/// Halide 21 stops at some expressions of indices that it knows one bound of, the other being a
/// table's affair ("Cannot replace variable ... of type int32 with expression of type (void *)").
/// Exclusive or with what is zero, as lengths are never negative, leaves it without any.
Expr unbounded(const Expr& index, const Site& site) { return index ^ (site.key_length >> 31); }

/// An operation on indices of data, none of its parts bounded on one side.
Expr arithmetic_of_data(const attn::Step& step, const std::vector<Expr>& x, const Site& site) {
  switch (step.fn) {
    case Fn::min:
      return select(unbounded(x[0], site) < x[1], x[0], x[1]);
    case Fn::max:
      return select(unbounded(x[0], site) < x[1], x[1], x[0]);
    case Fn::abs:
      return select(unbounded(x[0], site) < 0, 0 - x[0], x[0]);
    default:
      return unbounded(arithmetic(step, x, site.real), site);
  }
}

}  // namespace

std::vector<Expr> evaluate(const PlanFormula& formula, const Site& site) {
  std::vector<Expr> value;
  // What functions are applied to that is made of functions has a name: a function reads its operand
  // several times, strict_float copies what it is given, and copies of copies would grow like powers.
  std::vector<std::pair<std::string, Expr>> named;
  std::vector<bool> has_function;
  std::vector<bool> is_data;  // indices that depend on more than positions
  for (const attn::Step& step : formula.steps) {
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
    is_data.push_back(of_data && step.type == Type::index);
    has_function.push_back(of_function);
    switch (step.fn) {
      case Fn::number:
        if (step.type == Type::truth)
          value.push_back(cast<bool>(Expr(step.bits != 0)));
        else if (step.type == Type::index)
          value.push_back(Expr(step.index()));
        else
          value.push_back(Internal::make_const(site.real, step.real()));
        break;
      case Fn::argument:
        value.push_back(site.arguments.at(step.bits));
        break;
      case Fn::position:
        value.push_back(position(step, site));
        break;
      case Fn::length:
        value.push_back(length(step, site));
        break;
      case Fn::own:
      case Fn::element:
        value.push_back(site.read(step, operands));
        break;
      default:
        if (step.fn == Fn::equal && operands[0].type() == Int(32) &&
            operands[1].type() == Int(32) && !of_data) {
          // Halide 21 solves equations for loop variables, and makes y == 0 of 64 y + i == (32 y + i / 2) * 2.
          value.push_back(unbounded(operands[0] - operands[1], site) == 0);
          break;
        }
        value.push_back(is_data.back() ? arithmetic_of_data(step, operands, site)
                                       : arithmetic(step, operands, site.real));
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
