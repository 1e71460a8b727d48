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

/// An operation on indices as C++ has it on unsigned numbers: it wraps around. Halide takes signed ones
/// not to, and shortens what is made of them accordingly.
template <class Op>
Expr wrapping(const Expr& a, const Expr& b, Op op) {
  return reinterpret<int32_t>(op(reinterpret<uint32_t>(a), reinterpret<uint32_t>(b)));
}
Expr wrapping_difference(const Expr& a, const Expr& b) {
  return wrapping(a, b, [](const Expr& x, const Expr& y) { return x - y; });
}

/// Halide 21 stops at some expressions of indices that it knows one bound of, the other being a
/// table's affair ("Cannot replace variable ... of type int32 with expression of type (void *)"); and it
/// shortens uint32(int32(x)) of a real x to uint32(x), which negative numbers do not survive. Exclusive or
/// with what is zero, as lengths are never negative, hides from it what an index is made of.
Expr hidden(const Expr& index, const Site& site) {
  return index ^ cast(index.type(), site.key_length >> 31);
}

/// By zero: zero.
Expr truncating_division(const Expr& a, const Expr& b, const Site& site) {
  // Halide's integer division rounds towards minus infinity for positive divisors.
  if (const auto divisor = Internal::as_const_int(b); divisor && *divisor > 0) {
    const Expr up = Internal::make_const(a.type(), *divisor - 1);
    return (a + select(a < 0, up, Internal::make_zero(a.type()))) / b;
  }
  const Expr one = Internal::make_one(b.type()), zero = Internal::make_zero(b.type());
  const Expr by = select(b == zero, one, b);
  // Bounds are numbers of a whole tile or cell.
  if (a.type().bits() == 64) return select(b == zero, zero, div_round_to_zero(a, by));
  // In double, where a quotient of 32-bit numbers is rounded to a whole one only if it is one: vectors
  // have no division of integers. The cast goes towards zero; `trunc` is a call of a library's where the
  // target has no instruction for it (plain x86-64). 2^31 alone does not fit: the least index by -1.
  const Expr quotient = strict_float(cast<double>(a) / cast<double>(by));
  return select(b == 0, 0, b == -1, wrapping_difference(0, a),
                hidden(cast<int32_t>(quotient), site));
}

Expr truncating_remainder(const Expr& a, const Expr& b, const Site& site) {
  const Expr zero = Internal::make_zero(a.type()), minus_one = Internal::make_const(a.type(), -1);
  // The product is no larger than a, but for the least index by -1.
  return select(b == zero || b == minus_one, zero, a - b * truncating_division(a, b, site));
}

const Expr& present(const Expr& position) {
  if (!position.defined()) throw std::logic_error("a formula reads a position that is not there");
  return position;
}

Expr position(const PlanStep& step, const Site& site) {
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

Expr length(const PlanStep& step, const Site& site) {
  const auto kind = static_cast<Kind>(step.bits / 16);
  if (step.bits % 16 != 0) return site.length(kind, static_cast<int>(step.bits % 16));
  return kind == Kind::query ? site.query_length : site.key_length;
}

/// Numbers follow C++: where one operand is real, all are; so it is with bounds among indices.
std::vector<Expr> alike(const PlanStep& step, std::vector<Expr> x, const Halide::Type& real) {
  const auto any = [&](auto&& is) { return std::any_of(x.begin(), x.end(), is); };
  const bool of_reals =
      step.type == PlanType::real || any([](const Expr& e) { return e.type().is_float(); });
  const bool of_bounds =
      step.type == PlanType::bound || any([](const Expr& e) { return e.type() == Int(64); });
  for (Expr& e : x) {
    if (e.type().is_bool() || e.type().is_float()) continue;
    if (of_reals)
      e = cast(real, e);
    else if (of_bounds)
      e = cast<int64_t>(e);
  }
  return x;
}

Expr arithmetic_of(const PlanStep& step, const std::vector<Expr>& v, const Site& site) {
  const Halide::Type type = site.real;
  const bool real = step.type == PlanType::real;
  const bool index = step.type == PlanType::index;
  const auto whole = [&](auto&& op) { return index ? wrapping(v[0], v[1], op) : op(v[0], v[1]); };
  switch (step.fn) {
    case Fn::add:
      return whole([](const Expr& a, const Expr& b) { return a + b; });
    case Fn::sub:
      return whole([](const Expr& a, const Expr& b) { return a - b; });
    case Fn::mul:
      return whole([](const Expr& a, const Expr& b) { return a * b; });
    case Fn::div:
      return real ? v[0] / v[1] : truncating_division(v[0], v[1], site);
    case Fn::rem:
      return real ? remainder_of(v[0], v[1]) : truncating_remainder(v[0], v[1], site);
    case Fn::neg:
      return index ? wrapping_difference(0, v[0]) : -v[0];
    case Fn::abs:
      return index ? select(v[0] < 0, wrapping_difference(0, v[0]), v[0]) : abs(v[0]);
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
      return truncated(v[0].type().is_float() ? v[0] : cast(type, v[0]));
    case Fn::rsqrt:
      return Internal::make_const(type, 1) / sqrt(v[0]);
    case Fn::where:
      return select(v[0], v[1], v[2]);
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
Expr arithmetic(const PlanStep& step, const std::vector<Expr>& x, const Site& site) {
  const Expr v = arithmetic_of(step, x, site);
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

/// An operation on indices of data, none of its parts bounded on one side.
Expr arithmetic_of_data(const PlanStep& step, const std::vector<Expr>& x, const Site& site) {
  switch (step.fn) {
    case Fn::min:
      return select(hidden(x[0], site) < x[1], x[0], x[1]);
    case Fn::max:
      return select(hidden(x[0], site) < x[1], x[1], x[0]);
    case Fn::abs:
      return select(hidden(x[0], site) < 0, arithmetic({.fn = Fn::neg, .type = step.type}, x, site), x[0]);
    default:
      return hidden(arithmetic(step, x, site), site);
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
        if (step.type == PlanType::truth)
          value.push_back(cast<bool>(Expr(step.bits != 0)));
        else if (step.type == PlanType::index)
          value.push_back(Expr(step.index()));
        else if (step.type == PlanType::bound)
          value.push_back(Internal::make_const(Int(64), step.bound()));
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
        operands = alike(step, std::move(operands), site.real);
        if (step.fn == Fn::equal && operands[0].type() == Int(32) &&
            operands[1].type() == Int(32) && !of_data) {
          // Halide 21 solves equations for loop variables, and makes y == 0 of 64 y + i == (32 y + i / 2) * 2.
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
