#include "import/import_formula.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using attn::Fn;

namespace attnc {

namespace {

/// Numbers follow C++: where one operand is real, both are; integer division truncates. Indices have 32
/// bits and wrap around, which is what arith says of i32.
class Importer {
 public:
  Importer(OpBuilder& builder, Location loc, FloatType real, const std::function<Value(int)>& table)
      : builder_(builder), loc_(loc), real_(real), table_(table) {}

  Value step(const attn::Step& s, ArrayRef<Value> x, Block& block) {
    switch (s.fn) {
      case Fn::argument:
        return block.getArgument(s.bits);
      case Fn::number:
        return number(s);
      case Fn::position:
        return make<ir::PositionOp>(builder_.getI32Type(), axis(s.bits));
      case Fn::length:
        return make<ir::LengthOp>(builder_.getI32Type(), axis(s.bits));
      case Fn::own:
        return own(table_(static_cast<int>(s.bits)));
      case Fn::element:
        return element(table_(static_cast<int>(s.bits)), x);
      case Fn::both:
        return make<arith::AndIOp>(x[0], x[1]);
      case Fn::either:
        return make<arith::OrIOp>(x[0], x[1]);
      case Fn::negate:
        return make<arith::XOrIOp>(x[0], truth(true));
      case Fn::less:
      case Fn::less_equal:
      case Fn::equal:
        return comparison(s.fn, x);
      case Fn::truncate:
        return make<arith::FPToSIOp>(builder_.getI32Type(), real(x[0]));
      case Fn::where:
        if (s.type == attn::Type::real) return make<arith::SelectOp>(x[0], real(x[1]), real(x[2]));
        return make<arith::SelectOp>(x[0], x[1], x[2]);
      default:
        break;
    }
    return s.type == attn::Type::index ? onIndices(s.fn, x) : onReals(s.fn, x);
  }

 private:
  OpBuilder& builder_;
  Location loc_;
  FloatType real_;
  const std::function<Value(int)>& table_;

  template <class Op, class... A>
  Value make(A&&... a) {
    return Op::create(builder_, loc_, std::forward<A>(a)...);
  }
  Value truth(bool v) { return make<arith::ConstantOp>(builder_.getBoolAttr(v)); }
  Value index(int32_t v) { return make<arith::ConstantOp>(builder_.getI32IntegerAttr(v)); }
  Value one() { return make<arith::ConstantOp>(builder_.getFloatAttr(real_, 1)); }
  Value number(const attn::Step& s) {
    if (s.type == attn::Type::index) return index(s.index());
    return make<arith::ConstantOp>(builder_.getFloatAttr(real_, s.real()));
  }
  ir::AxisAttr axis(uint64_t bits) {
    return ir::AxisAttr::get(builder_.getContext(), static_cast<attn::Kind>(bits / 16), bits % 16);
  }
  static mlir::Type elementOf(Value table) {
    return cast<ir::ValueType>(table.getType()).getElementType();
  }
  Value own(Value table) { return make<ir::OwnOp>(elementOf(table), table); }
  Value element(Value table, ArrayRef<Value> indices) {
    // A table without axes has no place where it could be read but its own.
    if (indices.empty()) return own(table);
    return make<ir::ElementOp>(elementOf(table), table, indices);
  }
  Value real(Value x) {
    return ir::isIndex(x) ? make<arith::SIToFPOp>(real_, x) : x;
  }

  Value comparison(Fn fn, ArrayRef<Value> x) {
    if (ir::isIndex(x[0]) && ir::isIndex(x[1])) {
      const auto predicate = fn == Fn::less         ? arith::CmpIPredicate::slt
                             : fn == Fn::less_equal ? arith::CmpIPredicate::sle
                                                    : arith::CmpIPredicate::eq;
      return make<arith::CmpIOp>(predicate, x[0], x[1]);
    }
    const auto predicate = fn == Fn::less         ? arith::CmpFPredicate::OLT
                           : fn == Fn::less_equal ? arith::CmpFPredicate::OLE
                                                  : arith::CmpFPredicate::OEQ;
    return make<arith::CmpFOp>(predicate, real(x[0]), real(x[1]));
  }

  Value onIndices(Fn fn, ArrayRef<Value> x) {
    switch (fn) {
      case Fn::add:
        return make<arith::AddIOp>(x[0], x[1]);
      case Fn::sub:
        return make<arith::SubIOp>(x[0], x[1]);
      case Fn::mul:
        return make<arith::MulIOp>(x[0], x[1]);
      case Fn::div:
        return make<arith::DivSIOp>(x[0], x[1]);
      case Fn::rem:
        return make<arith::RemSIOp>(x[0], x[1]);
      case Fn::min:
        return make<arith::MinSIOp>(x[0], x[1]);
      case Fn::max:
        return make<arith::MaxSIOp>(x[0], x[1]);
      case Fn::neg:
        return make<arith::SubIOp>(index(0), x[0]);
      case Fn::abs:
        return make<math::AbsIOp>(x[0]);
      default:
        llvm_unreachable("the language has no other function of indices");
    }
  }

  Value onReals(Fn fn, ArrayRef<Value> x) {
    const Value a = real(x[0]), b = x.size() > 1 ? real(x[1]) : Value();
    switch (fn) {
      case Fn::add:
        return make<arith::AddFOp>(a, b);
      case Fn::sub:
        return make<arith::SubFOp>(a, b);
      case Fn::mul:
        return make<arith::MulFOp>(a, b);
      case Fn::div:
        return make<arith::DivFOp>(a, b);
      case Fn::rem:
        return make<arith::RemFOp>(a, b);
      case Fn::min:
        return make<arith::MinimumFOp>(a, b);
      case Fn::max:
        return make<arith::MaximumFOp>(a, b);
      case Fn::neg:
        return make<arith::NegFOp>(a);
      case Fn::abs:
        return make<math::AbsFOp>(a);
      case Fn::exp:
        return make<math::ExpOp>(a);
      case Fn::exp2:
        return make<math::Exp2Op>(a);
      case Fn::log:
        return make<math::LogOp>(a);
      case Fn::sin:
        return make<math::SinOp>(a);
      case Fn::cos:
        return make<math::CosOp>(a);
      case Fn::tanh:
        return make<math::TanhOp>(a);
      case Fn::sqrt:
        return make<math::SqrtOp>(a);
      case Fn::rsqrt:
        return make<math::RsqrtOp>(a);
      case Fn::pow:
        return make<math::PowFOp>(a, b);
      case Fn::sigmoid:
        return make<arith::DivFOp>(
            one(), make<arith::AddFOp>(one(), make<math::ExpOp>(make<arith::NegFOp>(a))));
      default:
        llvm_unreachable("the language has no other function of reals");
    }
  }
};

}  // namespace

void importFormula(Region& region, Location loc, const attn::Graph& graph,
                   attn::FormulaRange formula, int arguments, bool is_real, FloatType real,
                   const std::function<Value(int)>& table) {
  OpBuilder builder(region.getContext());
  SmallVector<mlir::Type> types(static_cast<size_t>(arguments), real);
  SmallVector<Location> locs(types.size(), loc);
  Block* block = builder.createBlock(&region, {}, types, locs);
  Importer importer(builder, loc, real, table);
  SmallVector<Value> values;
  for (int i = 0; i < formula.size; ++i) {
    const attn::Step& step = graph.steps[formula.begin + i];
    SmallVector<Value> operands;
    for (auto o : step.operand)
      if (o >= 0) operands.push_back(values[static_cast<size_t>(o)]);
    values.push_back(importer.step(step, operands, *block));
  }
  Value result = values.back();
  // A score function may be an index: `map` makes reals. So may a sink.
  if (is_real && ir::isIndex(result)) result = arith::SIToFPOp::create(builder, loc, real, result);
  ir::YieldOp::create(builder, loc, result);
}

}  // namespace attnc
