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
  switch (static_cast<Kind>(step.bits / 16)) {
    case Kind::batch:
      return site.batch;
    case Kind::head:
      return site.head;
    case Kind::query:
    case Kind::update:  // elementwise, before they are keys
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
  const auto kind = static_cast<Kind>(step.bits / 16);
  if (step.bits % 16 != 0) return site.length(kind, static_cast<int>(step.bits % 16));
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

/// A function at a place. Its operands have the types that it takes.
struct Call {
  const PlanStep& step;
  const std::vector<Expr>& x;
  const Site& site;

  bool of_reals() const { return step.type == PlanType::real; }
  /// By an operator; indices wrap around.
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
        {Fn::sigmoid, nullptr},  // in plans it is 1 / (1 + exp(-x)), as in MLIR
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

/// A formula is computed in the order in which it is written: x + (1 - mask) * -1e9 in another one
/// is another number. Operation by operation, as strict_float would take in all that lies below,
/// where multiply-adds are welcome (tanh's polynomial).
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
      case Fn::convert:  // hides nothing
        value.push_back(function_of(step, operands, site));
        break;
      default:
        if (step.fn == Fn::equal && operands[0].type() == Int(32) && !of_data) {
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
