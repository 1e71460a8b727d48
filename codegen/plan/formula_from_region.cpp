#include "plan/formula_from_region.h"

#include <optional>

#include "dialect/Functions.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using attn::Fn;

namespace attnc {

namespace {

class Reader {
 public:
  Reader(const ReadTable& read, std::string& mistake, std::vector<Extremes>* extremes)
      : read_(read), mistake_(mistake), extremes_(extremes) {}

  PlanFormula read(Block& block) {
    for (BlockArgument argument : block.getArguments()) {
      const unsigned which = argument.getArgNumber();
      values_[argument] =
          argument.getType().isIndex()
              ? converted(add({.fn = Fn::edge, .type = PlanType::index, .bits = which}),
                          PlanType::bound)
              : add({.fn = Fn::argument, .type = PlanType::real, .bits = which});
    }
    for (Operation& op : block.without_terminator()) {
      if (auto both = dyn_cast<ir::ExtremesOp>(op)) {
        if (!leastAndMost(both)) return {};
        continue;
      }
      const std::optional<int> made = step(&op);
      if (!made) {
        if (mistake_.empty())
          mistake_ =
              "a formula with `" + op.getName().getStringRef().str() + "` is not compiled yet";
        return {};
      }
      values_[op.getResult(0)] = *made;
    }
    for (Value value : block.getTerminator()->getOperands()) formula_.results.push_back(at(value));
    if (!mistake_.empty()) return {};
    return std::move(formula_);
  }

 private:
  const ReadTable& read_;
  std::string& mistake_;
  std::vector<Extremes>* extremes_;
  PlanFormula formula_;
  llvm::DenseMap<Value, int> values_;

  int at(Value value) {
    if (auto known = values_.find(value); known != values_.end()) return known->second;
    // A value of the enclosing formula, such as a constant that CSE hoisted out of this one.
    Operation* maker = value.getDefiningOp();
    const std::optional<int> made = maker ? step(maker) : std::nullopt;
    if (!made && mistake_.empty()) mistake_ = "a formula that reads another's values";
    return values_[value] = made.value_or(0);
  }

  /// An attn.extremes: a separate formula, whose minimum and maximum are two arguments of this one.
  bool leastAndMost(ir::ExtremesOp op) {
    if (!extremes_) {
      mistake_ = "a formula with `attn.extremes` is not compiled yet";
      return false;
    }
    const std::optional<attn::Kind> over = ir::kindOf(op.getOver());
    const uint64_t first = 2 * extremes_->size();
    PlanFormula formula = formulaFromRegion(op.getFormula(), read_, mistake_);
    if (formula.empty()) return false;
    extremes_->push_back({.over = over, .formula = std::move(formula)});
    for (auto [i, value] : llvm::enumerate(op->getResults()))
      values_[value] = add({.fn = Fn::argument, .type = typeOf(value), .bits = first + i});
    return true;
  }
  static PlanType typeOf(Value value) {
    mlir::Type t = value.getType();
    return t.isFloat()          ? PlanType::real
           : t.isInteger(1)     ? PlanType::truth
           : ir::isIndex(value) ? PlanType::index
                                : PlanType::bound;
  }

  int add(const PlanStep& step) {
    for (size_t i = 0; i < formula_.steps.size(); ++i)
      if (formula_.steps[i] == step) return static_cast<int>(i);
    formula_.steps.push_back(step);
    return static_cast<int>(formula_.steps.size()) - 1;
  }
  int add(Fn fn, PlanType type, std::initializer_list<int> operands) {
    PlanStep s{.fn = fn, .type = type};
    size_t i = 0;
    for (int o : operands) s.operand[i++] = static_cast<int16_t>(o);
    return add(s);
  }
  /// The step of an operation that has the same meaning and operands.
  int plain(Operation* op, Fn fn) {
    PlanStep s{.fn = fn, .type = typeOf(op->getResult(0))};
    for (auto [i, operand] : llvm::enumerate(op->getOperands()))
      s.operand[i] = static_cast<int16_t>(at(operand));
    return add(s);
  }
  int negated(int truth) { return add(Fn::negate, PlanType::truth, {truth}); }

  std::optional<int> step(Operation* op) {
    constexpr size_t most = 32000;  // PlanStep::operand has 16 bits
    if (formula_.steps.size() > most) {
      mistake_ = "a formula of more than " + std::to_string(most) + " steps is not compiled yet";
      return std::nullopt;
    }
    if (auto special = special_step(op)) return special;
    const std::optional<Fn> fn = ir::functionOf(op);
    if (!fn) return std::nullopt;
    const PlanType type = typeOf(op->getResult(0));
    // On indices, `and` and `or` are bitwise; the language has them for truths only.
    if (attn::takes_truths(*fn) != (type == PlanType::truth)) return std::nullopt;
    if (*fn == Fn::convert && !ir::isIndex(op->getOperand(0))) return std::nullopt;
    return plain(op, *fn);
  }

  std::optional<int> special_step(Operation* op) {
    return llvm::TypeSwitch<Operation*, std::optional<int>>(op)
        .Case([&](arith::ConstantOp c) { return number(c.getValue()); })
        .Case([&](ir::PositionOp p) { return place(Fn::position, p.getAxis()); })
        .Case([&](ir::LengthOp l) { return place(Fn::length, l.getAxis()); })
        .Case([&](ir::OwnOp own) { return table(own, Fn::own, own.getTable()); })
        .Case(
            [&](ir::ElementOp element) { return table(element, Fn::element, element.getTable()); })
        // MLIR folds a select between 1 (or -1) and 0 into a cast.
        .Case<arith::ExtUIOp, arith::UIToFPOp>([&](auto cast) { return fromTruth(cast, 1); })
        .Case<arith::ExtSIOp, arith::IndexCastOp, arith::SIToFPOp>(
            [&](auto cast) { return fromTruth(cast, -1); })
        .Case([&](arith::CmpIOp c) { return comparison(c); })
        .Case([&](arith::CmpFOp c) { return comparison(c); })
        .Case([&](arith::SelectOp s) { return choice(s); })
        .Case([&](arith::XOrIOp x) { return exclusive(x); })
        .Default([](Operation*) { return std::nullopt; });
  }

  template <class Cast>
  std::optional<int> fromTruth(Cast cast, int32_t yes) {
    if (!cast.getIn().getType().isInteger(1)) return std::nullopt;
    const PlanType type = typeOf(cast.getResult());
    const int truth = at(cast.getIn()), one = number(type, yes), zero = number(type, 0);
    return add(Fn::where, type, {truth, one, zero});
  }

  std::optional<int> number(Attribute value) {
    if (auto real = dyn_cast<FloatAttr>(value)) return real_number(real.getValueAsDouble());
    auto integer = dyn_cast<IntegerAttr>(value);
    if (!integer) return std::nullopt;
    if (integer.getType().isInteger(1))  // the language has no truth literals: 0 < 1, 1 < 0
      return truth(integer.getValue().getBoolValue());
    const bool index = integer.getType().isInteger(32);
    return number(index ? PlanType::index : PlanType::bound, integer.getValue().getSExtValue());
  }
  int real_number(double v) {
    return add({.fn = Fn::number, .type = PlanType::real, .bits = attn::bits_of(v)});
  }
  int number(PlanType type, int64_t n) {
    if (type == PlanType::real) return real_number(static_cast<double>(n));
    return add({.fn = Fn::number,
                .type = type,
                .bits = type == PlanType::index ? attn::bits_of(static_cast<int32_t>(n))
                                                : static_cast<uint64_t>(n)});
  }
  int truth(bool value) {
    const int a = number(PlanType::index, value ? 0 : 1),
              b = number(PlanType::index, value ? 1 : 0);
    return add(Fn::less, PlanType::truth, {a, b});
  }
  int converted(int index, PlanType type) { return add(Fn::convert, type, {index}); }

  std::optional<int> place(Fn fn, ir::AxisAttr axis) {
    return add({.fn = fn,
                .type = PlanType::index,
                .bits = static_cast<uint64_t>(axis.getKind()) * 16 + axis.getNumber()});
  }

  std::optional<int> table(Operation* op, Fn fn, Value value) {
    const bool weight = value.getDefiningOp<ir::WeightOp>() != nullptr;
    const auto axes = cast<ir::ValueType>(value.getType()).getAxes();
    // A plan has no strides for weights, so their elements are always read at indices.
    if (weight && fn == Fn::own && !axes.empty()) fn = Fn::element;
    const std::optional<uint64_t> bits = read_(value, fn == Fn::element, mistake_);
    if (!bits) return std::nullopt;
    PlanStep s{.fn = fn, .type = typeOf(op->getResult(0)), .bits = *bits};
    std::vector<int> indices;
    if (op->getNumOperands() == 1 && fn == Fn::element)
      for (const ir::Axis& a : axes)
        indices.push_back(add({.fn = Fn::position,
                               .type = PlanType::index,
                               .bits = static_cast<uint64_t>(a.kind) * 16 + a.number}));
    for (Value operand : op->getOperands().drop_front()) indices.push_back(at(operand));
    if (indices.size() > s.operand.size()) {
      mistake_ = "a formula that reads a table of more than four axes is not compiled yet";
      return std::nullopt;
    }
    for (size_t i = 0; i < indices.size(); ++i) s.operand[i] = static_cast<int16_t>(indices[i]);
    return add(s);
  }

  /// An MLIR comparison as one of the language's three (less, less_equal, equal), with swapped
  /// operands or a negated result where needed.
  std::optional<int> compared(Fn fn, bool swapped, bool negates, int a, int b) {
    const int made = add(fn, PlanType::truth, {swapped ? b : a, swapped ? a : b});
    return negates ? negated(made) : made;
  }

  std::optional<int> comparison(arith::CmpIOp op) {
    if (op.getLhs().getType().isInteger(1)) return std::nullopt;
    int a = at(op.getLhs()), b = at(op.getRhs());
    // Two indices that were widened to bounds compare the same in 32 bits, and faster.
    const PlanStep &x = formula_.steps[static_cast<size_t>(a)],
                   &y = formula_.steps[static_cast<size_t>(b)];
    if (x.fn == Fn::convert && y.fn == Fn::convert) a = x.operand[0], b = y.operand[0];
    switch (op.getPredicate()) {
      case arith::CmpIPredicate::slt:
        return compared(Fn::less, false, false, a, b);
      case arith::CmpIPredicate::sle:
        return compared(Fn::less_equal, false, false, a, b);
      case arith::CmpIPredicate::sgt:
        return compared(Fn::less, true, false, a, b);
      case arith::CmpIPredicate::sge:
        return compared(Fn::less_equal, true, false, a, b);
      case arith::CmpIPredicate::eq:
        return compared(Fn::equal, false, false, a, b);
      case arith::CmpIPredicate::ne:
        return compared(Fn::equal, false, true, a, b);
      default:
        return std::nullopt;
    }
  }

  std::optional<int> comparison(arith::CmpFOp op) {
    const int a = at(op.getLhs()), b = at(op.getRhs());
    // The negation of an ordered comparison is an unordered one: it holds for NaN. The remaining
    // predicates have no counterpart in the language.
    switch (op.getPredicate()) {
      case arith::CmpFPredicate::OLT:
        return compared(Fn::less, false, false, a, b);
      case arith::CmpFPredicate::OLE:
        return compared(Fn::less_equal, false, false, a, b);
      case arith::CmpFPredicate::OGT:
        return compared(Fn::less, true, false, a, b);
      case arith::CmpFPredicate::OGE:
        return compared(Fn::less_equal, true, false, a, b);
      case arith::CmpFPredicate::OEQ:
        return compared(Fn::equal, false, false, a, b);
      case arith::CmpFPredicate::UNE:
        return compared(Fn::equal, false, true, a, b);
      case arith::CmpFPredicate::UGE:
        return compared(Fn::less, false, true, a, b);
      case arith::CmpFPredicate::UGT:
        return compared(Fn::less_equal, false, true, a, b);
      case arith::CmpFPredicate::ULE:
        return compared(Fn::less, true, true, a, b);
      case arith::CmpFPredicate::ULT:
        return compared(Fn::less_equal, true, true, a, b);
      default:
        return std::nullopt;
    }
  }

  std::optional<int> choice(arith::SelectOp op) {
    const int c = at(op.getCondition()), a = at(op.getTrueValue()), b = at(op.getFalseValue());
    const PlanType t = typeOf(op.getResult());
    if (t != PlanType::truth) return add(Fn::where, t, {c, a, b});
    const int yes = add(Fn::both, t, {c, a}), no = add(Fn::both, t, {negated(c), b});
    return add(Fn::either, t, {yes, no});
  }

  std::optional<int> exclusive(arith::XOrIOp op) {
    constexpr PlanType t = PlanType::truth;
    if (typeOf(op.getResult()) != t) return std::nullopt;
    const int a = at(op.getLhs());
    if (matchPattern(op.getRhs(), m_One())) return negated(a);
    const int b = at(op.getRhs());
    const int left = add(Fn::both, t, {a, negated(b)}), right = add(Fn::both, t, {negated(a), b});
    return add(Fn::either, t, {left, right});
  }
};

/// Removes steps that no result uses: conversions and folded constants leave some behind.
PlanFormula withoutDead(PlanFormula formula) {
  std::vector<int> place(formula.steps.size(), -1);
  for (int r : formula.results) place[static_cast<size_t>(r)] = 0;
  for (size_t i = formula.steps.size(); i-- > 0;)
    if (place[i] == 0)
      for (auto o : formula.steps[i].operand)
        if (o >= 0) place[static_cast<size_t>(o)] = 0;
  PlanFormula out;
  for (size_t i = 0; i < formula.steps.size(); ++i) {
    if (place[i] < 0) continue;
    place[i] = static_cast<int>(out.steps.size());
    PlanStep s = formula.steps[i];
    for (auto& o : s.operand)
      if (o >= 0) o = static_cast<int16_t>(place[static_cast<size_t>(o)]);
    out.steps.push_back(s);
  }
  for (int r : formula.results) out.results.push_back(place[static_cast<size_t>(r)]);
  return out;
}

}  // namespace

PlanFormula formulaFromRegion(Region& region, const ReadTable& read, std::string& mistake,
                              std::vector<Extremes>* extremes) {
  if (region.empty()) return {};
  return withoutDead(Reader(read, mistake, extremes).read(region.front()));
}

}  // namespace attnc
