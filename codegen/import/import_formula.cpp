#include "import/import_formula.h"

#include "dialect/Functions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using attn::Fn;

namespace attnc {

namespace {

/// Arithmetic follows C++: if one operand is real, an index beside it is converted, and integer
/// division truncates. Indices are converted implicitly only here. They have 32 bits and wrap
/// around, as i32 does in arith.
class FormulaImporter {
 public:
  FormulaImporter(OpBuilder& builder, Location loc, FloatType real,
                  const std::function<Value(int)>& table)
      : builder_(builder), loc_(loc), real_(real), table_(table) {}

  Value step(const attn::Step& s, SmallVector<Value> x, Block& block) {
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
      default:
        break;
    }
    const bool of_reals = s.type == attn::Type::real ||
                          attn::signature(s.fn) == attn::Signature::truncation ||
                          llvm::any_of(x, [](Value v) { return v.getType().isFloat(); });
    if (of_reals)
      for (Value& operand : x) operand = real(operand);
    return ir::makeFunction(builder_, loc_, s.fn, real_, x);
  }

  /// Converts an index to a real number; other values stay as they are.
  Value real(Value x) {
    return ir::isIndex(x) ? ir::makeFunction(builder_, loc_, Fn::convert, real_, x) : x;
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
  Value number(const attn::Step& s) {
    if (s.type == attn::Type::index)
      return make<arith::ConstantOp>(builder_.getI32IntegerAttr(s.index()));
    return make<arith::ConstantOp>(builder_.getFloatAttr(real_, s.real()));
  }
  ir::AxisAttr axis(uint64_t bits) {
    const auto [kind, number] = attn::AxisName::of_bits(bits);
    return ir::AxisAttr::get(builder_.getContext(), kind, number);
  }
  static mlir::Type elementOf(Value table) {
    return cast<ir::ValueType>(table.getType()).getElementType();
  }
  Value own(Value table) { return make<ir::OwnOp>(elementOf(table), table); }
  Value element(Value table, ArrayRef<Value> indices) {
    // A table without axes holds one number, which attn.own reads.
    if (indices.empty()) return own(table);
    return make<ir::ElementOp>(elementOf(table), table, indices);
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
  FormulaImporter importer(builder, loc, real, table);
  SmallVector<Value> values;
  for (int i = 0; i < formula.size; ++i) {
    const attn::Step& step = graph.steps[formula.begin + i];
    SmallVector<Value> operands;
    for (auto o : step.operand)
      if (o >= 0) operands.push_back(values[static_cast<size_t>(o)]);
    values.push_back(importer.step(step, std::move(operands), *block));
  }
  Value result = values.back();
  // The formula of a score function or of a sink may be an index, but its result has to be real.
  if (is_real) result = importer.real(result);
  ir::YieldOp::create(builder, loc, result);
}

}  // namespace attnc
