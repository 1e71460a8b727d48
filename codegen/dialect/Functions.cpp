//===- Functions.cpp - the table of functions and their operations -------------===//

#include "dialect/Functions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using attn::Fn;
using attn::Signature;

namespace attnc::ir {

namespace {

/// Where operations are created, and the type of their real numbers.
struct Maker {
  OpBuilder& builder;
  Location loc;
  FloatType real;

  template <class Op, class... A>
  Value make(A&&... a) const {
    return Op::create(builder, loc, std::forward<A>(a)...);
  }
  Value one() const { return make<arith::ConstantOp>(builder.getFloatAttr(real, 1)); }
};

using Make = Value (*)(const Maker&, ValueRange);
using Is = bool (*)(Operation*);

/// How a function is made, by the type of its operands (of a choice, the numbers to choose from),
/// and which operations are read back as this function. Null where there is no such operation.
struct Operations {
  Make of_indices = nullptr, of_reals = nullptr, of_truths = nullptr;
  Is is = nullptr;
};

template <class Op>
Value made(const Maker& m, ValueRange x) {
  if constexpr (Op::template hasTrait<OpTrait::OneOperand>()) {
    return m.make<Op>(x[0]);
  } else {
    return m.make<Op>(x[0], x[1]);
  }
}
template <class... Op>
bool is(Operation* op) {
  return isa<Op...>(op);
}
template <class Index, class Real>
constexpr Operations numbers() {
  return {.of_indices = made<Index>, .of_reals = made<Real>, .is = is<Index, Real>};
}
template <class Real>
constexpr Operations reals() {
  return {.of_reals = made<Real>, .is = is<Real>};
}
template <class Truth>
constexpr Operations truths() {
  return {.of_truths = made<Truth>, .is = is<Truth>};
}
template <arith::CmpIPredicate index, arith::CmpFPredicate real>
constexpr Operations compared() {
  return {.of_indices = [](const Maker& m, ValueRange x) -> Value {
            return m.make<arith::CmpIOp>(index, x[0], x[1]);
          },
          .of_reals = [](const Maker& m, ValueRange x) -> Value {
            return m.make<arith::CmpFOp>(real, x[0], x[1]);
          }};
}
Value chosen(const Maker& m, ValueRange x) { return m.make<arith::SelectOp>(x[0], x[1], x[2]); }

constexpr bool has_operations(Fn fn) { return attn::signature(fn) != Signature::read; }

constexpr auto table = attn::by_function<Operations>(
    has_operations,
    {
        {Fn::add, numbers<arith::AddIOp, arith::AddFOp>()},
        {Fn::sub, numbers<arith::SubIOp, arith::SubFOp>()},
        {Fn::mul, numbers<arith::MulIOp, arith::MulFOp>()},
        {Fn::div, numbers<arith::DivSIOp, arith::DivFOp>()},
        {Fn::rem, numbers<arith::RemSIOp, arith::RemFOp>()},
        {Fn::neg,
         {.of_indices = [](const Maker& m, ValueRange x) -> Value {
            auto zero = m.make<arith::ConstantOp>(m.builder.getI32IntegerAttr(0));
            return m.make<arith::SubIOp>(zero, x[0]);
          },
          .of_reals = made<arith::NegFOp>,
          .is = is<arith::NegFOp>}},
        {Fn::abs, numbers<math::AbsIOp, math::AbsFOp>()},
        {Fn::min, numbers<arith::MinSIOp, arith::MinimumFOp>()},
        {Fn::max, numbers<arith::MaxSIOp, arith::MaximumFOp>()},
        {Fn::exp, reals<math::ExpOp>()},
        {Fn::exp2, reals<math::Exp2Op>()},
        {Fn::log, reals<math::LogOp>()},
        {Fn::sin, reals<math::SinOp>()},
        {Fn::cos, reals<math::CosOp>()},
        {Fn::tanh, reals<math::TanhOp>()},
        {Fn::sqrt, reals<math::SqrtOp>()},
        {Fn::rsqrt, reals<math::RsqrtOp>()},
        {Fn::pow, reals<math::PowFOp>()},
        // MLIR has no sigmoid. It becomes 1 / (1 + exp(-x)), which is not read back as one.
        {Fn::sigmoid, {.of_reals = [](const Maker& m, ValueRange x) -> Value {
           const Value power = m.make<math::ExpOp>(m.make<arith::NegFOp>(x[0]));
           const Value sum = m.make<arith::AddFOp>(m.one(), power);
           return m.make<arith::DivFOp>(m.one(), sum);
         }}},
        {Fn::less, compared<arith::CmpIPredicate::slt, arith::CmpFPredicate::OLT>()},
        {Fn::less_equal, compared<arith::CmpIPredicate::sle, arith::CmpFPredicate::OLE>()},
        {Fn::equal, compared<arith::CmpIPredicate::eq, arith::CmpFPredicate::OEQ>()},
        {Fn::both, truths<arith::AndIOp>()},
        {Fn::either, truths<arith::OrIOp>()},
        {Fn::negate, {.of_truths = [](const Maker& m, ValueRange x) -> Value {
           auto yes = m.make<arith::ConstantOp>(m.builder.getBoolAttr(true));
           return m.make<arith::XOrIOp>(x[0], yes);
         }}},
        {Fn::where, {.of_indices = chosen, .of_reals = chosen}},
        {Fn::truncate,
         {.of_reals = [](const Maker& m, ValueRange x) -> Value {
            return m.make<arith::FPToSIOp>(m.builder.getI32Type(), x[0]);
          },
          .is = is<arith::FPToSIOp>}},
        {Fn::convert,
         {.of_indices = [](const Maker& m, ValueRange x) -> Value {
            return m.make<arith::SIToFPOp>(m.real, x[0]);
          },
          .is = is<arith::SIToFPOp, arith::IndexCastOp>}},
    });

}  // namespace

Value makeFunction(OpBuilder& builder, Location loc, Fn fn, FloatType real, ValueRange operands) {
  const Operations& row = table[static_cast<size_t>(fn)];
  const mlir::Type type = operands.back().getType();
  const Make make = type.isFloat()      ? row.of_reals
                    : type.isInteger(1) ? row.of_truths
                                        : row.of_indices;
  if (!make) llvm::report_fatal_error("a function of the language takes no such operands");
  return make({builder, loc, real}, operands);
}

std::optional<Fn> functionOf(Operation* op) {
  for (size_t i = 0; i < table.size(); ++i)
    if (table[i].is && table[i].is(op)) return static_cast<Fn>(i);
  return std::nullopt;
}

}  // namespace attnc::ir
