//===- Box.cpp - interval arithmetic over a box of pairs ------------------------===//

#include "masks/Box.h"

#include <algorithm>

#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {

namespace {

/// The low 32 bits of n, as a signed number.
int64_t wrapped(int64_t n) { return static_cast<int32_t>(static_cast<uint32_t>(n)); }

}  // namespace

// ---- the box

mlir::Value Box::both(mlir::Value a, mlir::Value b) {
  if (matchPattern(a, m_One()) || matchPattern(b, m_Zero())) return b;
  if (matchPattern(b, m_One()) || matchPattern(a, m_Zero())) return a;
  return make<arith::AndIOp>(a, b);
}
mlir::Value Box::either(mlir::Value a, mlir::Value b) {
  if (matchPattern(a, m_Zero()) || matchPattern(b, m_One())) return b;
  if (matchPattern(b, m_Zero()) || matchPattern(a, m_One())) return a;
  return make<arith::OrIOp>(a, b);
}

std::pair<mlir::Value, mlir::Value> Box::extremes(mlir::Value value, Over over) {
  auto op = ExtremesOp::create(builder_, loc_, value.getType(), value.getType(), over);
  OpBuilder inside(builder_.getContext());
  inside.createBlock(&op.getFormula());
  IRMapping mapping;
  mlir::Value result = cloned(value, inside, mapping);
  YieldOp::create(inside, loc_, result);
  return {op.getLeast(), op.getMost()};
}

std::optional<Over> overOf(Reads& reads, mlir::Value value) {
  const Axes axes = reads.axes(value);
  if (axes == Axes::query) return Over::Query;
  if (axes == Axes::key) return Over::Key;
  return std::nullopt;
}

// ---- ends

BoxEnd BoxArithmetic::plus(const BoxEnd& a, const BoxEnd& b) {
  const Exact ever = ir::plus(a.ever, b.ever);
  return ever ? BoxEnd{box.make<arith::AddIOp>(a.value, b.value), *ever} : BoxEnd();
}
BoxEnd BoxArithmetic::minus(const BoxEnd& a, const BoxEnd& b) {
  const Exact ever = ir::minus(a.ever, b.ever);
  return ever ? BoxEnd{box.make<arith::SubIOp>(a.value, b.value), *ever} : BoxEnd();
}
BoxEnd BoxArithmetic::times(const BoxEnd& a, int64_t factor) {
  const Exact ever = ir::times(a.ever, factor);
  return ever ? BoxEnd{box.make<arith::MulIOp>(a.value, box.number(factor)), *ever} : BoxEnd();
}
BoxEnd BoxArithmetic::minimum(const BoxEnd& a, const BoxEnd& b) {
  return {box.make<arith::MinSIOp>(a.value, b.value), std::min(a.ever, b.ever)};
}
BoxEnd BoxArithmetic::maximum(const BoxEnd& a, const BoxEnd& b) {
  return {box.make<arith::MaxSIOp>(a.value, b.value), std::max(a.ever, b.ever)};
}

// ---- sums

void BoxIntervals::add(Sum& sum, mlir::Value value, int64_t factor) {
  if (auto n = reads_.constant(value)) {
    sum.number = wrapped(sum.number + wrapped(factor * *n));
    return;
  }
  if (reads_.axes(value) == Axes::none) value = box_.point(value);
  Operation* op = value.getDefiningOp();
  if (auto sub = dyn_cast_or_null<arith::SubIOp>(op)) {
    add(sum, sub.getLhs(), factor);
    add(sum, sub.getRhs(), wrapped(-factor));
    return;
  }
  if (auto plus = dyn_cast_or_null<arith::AddIOp>(op)) {
    add(sum, plus.getLhs(), factor);
    add(sum, plus.getRhs(), factor);
    return;
  }
  if (auto times = dyn_cast_or_null<arith::MulIOp>(op)) {
    for (auto [x, y] :
         {std::pair(times.getLhs(), times.getRhs()), {times.getRhs(), times.getLhs()}})
      if (auto n = reads_.constant(y)) return add(sum, x, wrapped(factor * *n));
  }
  int64_t& coefficient = sum.parts[reads_.first(value)];
  coefficient = wrapped(coefficient + factor);
}

/// The parts whose coefficients have the sign `sign`, times `sign`. Unknown where a part is, or
/// where the total may overflow 64 bits.
BoxInterval BoxIntervals::total(const Sum& sum, int64_t sign) {
  BoxInterval out;
  for (auto& [part, coefficient] : sum.parts) {
    const int64_t factor = coefficient * sign;
    if (factor <= 0) continue;
    BoxInterval own = of(part);
    if (own && factor != 1) {
      const bool one = own.low.value == own.high.value;
      own = rules_.scaled(own, factor);
      if (one) own.high.value = own.low.value;  // one value, so that comparisons of both ends fold
    }
    if (!own) return {};
    out = out ? rules_.sum(out, own) : own;
    if (!out) return {};
  }
  const int64_t rest = std::max(sum.number * sign, int64_t{0});
  if (out && rest == 0) return out;
  const BoxInterval number = constant(rest);
  return out ? rules_.sum(out, number) : number;
}

/// The positive parts minus the negative ones, in 64 bits.
BoxInterval BoxIntervals::ofSum(const Sum& sum) {
  const BoxInterval up = total(sum, 1), down = total(sum, -1);
  return up && down ? rules_.difference(up, down) : BoxInterval();
}

/// Of a sum, a difference or a product by a constant; unknown for other values.
BoxInterval BoxIntervals::difference(mlir::Value value) {
  Sum sum;
  add(sum, value, 1);
  if (sum.parts.contains(value)) return {};
  return indexed(ofSum(sum));
}

/// Whether the interval fits 32 bits, so that no number in it wraps around. Null where it certainly
/// does.
mlir::Value BoxIntervals::isIndexed(const BoxInterval& i) {
  mlir::Value above, below;
  if (i.low.ever < leastIndex)
    above = box_.compare(arith::CmpIPredicate::sge, i.low.value, box_.number(leastIndex));
  if (i.high.ever > mostIndex)
    below = box_.compare(arith::CmpIPredicate::sle, i.high.value, box_.number(mostIndex));
  return above && below ? box_.both(above, below) : above ? above : below;
}

/// The interval of an index, given that of its exact value: the same where no number in it wraps
/// around, else all 32-bit numbers.
BoxInterval BoxIntervals::indexed(const BoxInterval& i) {
  mlir::Value exact = i ? isIndexed(i) : mlir::Value();
  if (!exact) return i;
  const auto chosen = [&](const BoxEnd& end, int64_t otherwise) {
    return BoxEnd{box_.make<arith::SelectOp>(exact, end.value, box_.number(otherwise)), otherwise};
  };
  return {chosen(i.low, leastIndex), chosen(i.high, mostIndex)};
}

BoxIntervals::Sides BoxIntervals::sides(mlir::Value a, mlir::Value b) {
  Sum left, right;
  add(left, a, 1);
  add(right, b, 1);
  const bool share =
      llvm::any_of(left.parts, [&](const auto& part) { return right.parts.contains(part.first); });
  const BoxInterval x = ofSum(left), y = ofSum(right);
  if (!x || !y) return {};
  if (!share) return {indexed(x), indexed(y)};
  Sides out;
  mlir::Value one = isIndexed(x), other = isIndexed(y);
  out.exact = one && other ? box_.both(one, other) : one ? one : other;
  for (auto& [part, coefficient] : left.parts) right.parts[part] -= coefficient;
  right.number -= left.number;
  out.a = total(right, -1);
  out.b = total(right, 1);
  return out;
}

// ---- indices

BoxInterval BoxIntervals::of(mlir::Value value) {
  if (auto known = known_.find(value); known != known_.end()) return known->second;
  BoxInterval made = find(value);
  return known_[value] = made;
}

BoxInterval BoxIntervals::constant(int64_t number) {
  mlir::Value value = box_.number(number);
  return {{value, number}, {value, number}};
}

BoxInterval BoxIntervals::point(mlir::Value value) {
  const bool natural = Reads::isLength(value) || value.getDefiningOp<PositionOp>();
  mlir::Value same = box_.widened(box_.point(value));
  return {{same, natural ? 0 : leastIndex}, {same, mostIndex}};
}

BoxInterval BoxIntervals::looked(mlir::Value value) {
  const std::optional<Over> over = overOf(reads_, value);
  if (!over) return {};
  auto [least, most] = box_.extremes(value, *over);
  return {{box_.widened(least), leastIndex}, {box_.widened(most), mostIndex}};
}

BoxInterval BoxIntervals::find(mlir::Value value) {
  // The same for all pairs of the box.
  if (box_.has(value) || reads_.axes(value) == Axes::none) return point(value);
  if (overOf(reads_, value) && !reads_.plain(value)) return looked(value);
  return llvm::TypeSwitch<Operation*, BoxInterval>(value.getDefiningOp())
      .Case([&](PositionOp op) -> BoxInterval {
        auto [first, last] = box_.ends(op.getAxis().getKind());
        return {{first, 0}, {last, mostIndex - 1}};
      })
      .Case<arith::AddIOp, arith::SubIOp>([&](auto) { return difference(value); })
      .Case([&](arith::MulIOp op) { return product(op); })
      .Case([&](arith::MinSIOp op) {
        const BoxInterval a = of(op.getLhs()), b = of(op.getRhs());
        return a && b ? rules_.minimum(a, b) : BoxInterval();
      })
      .Case([&](arith::MaxSIOp op) {
        const BoxInterval a = of(op.getLhs()), b = of(op.getRhs());
        return a && b ? rules_.maximum(a, b) : BoxInterval();
      })
      .Case([&](math::AbsIOp op) -> BoxInterval {
        const BoxInterval a = of(op.getOperand());
        if (!a) return {};
        mlir::Value zero = box_.number(0);
        mlir::Value below = box_.make<arith::SubIOp>(zero, a.high.value),
                    above = box_.make<arith::SubIOp>(zero, a.low.value);
        below = box_.make<arith::MaxSIOp>(box_.make<arith::MaxSIOp>(a.low.value, below), zero);
        above = box_.make<arith::MaxSIOp>(above, a.high.value);
        // Of the least index it is 2^31, which wraps around.
        return indexed({{below, 0}, {above, std::max(-a.low.ever, a.high.ever)}});
      })
      .Case([&](arith::SelectOp op) -> BoxInterval {
        const BoxInterval a = of(op.getTrueValue()), b = of(op.getFalseValue());
        if (!a || !b) return {};
        if (reads_.axes(op.getCondition()) != Axes::none) return rules_.hull(a, b);
        mlir::Value c = box_.point(op.getCondition());
        return {{box_.make<arith::SelectOp>(c, a.low.value, b.low.value),
                 std::min(a.low.ever, b.low.ever)},
                {box_.make<arith::SelectOp>(c, a.high.value, b.high.value),
                 std::max(a.high.ever, b.high.ever)}};
      })
      .Case([&](arith::DivSIOp op) -> BoxInterval {
        // Division towards zero is non-decreasing where the divisor is positive.
        const BoxInterval a = reads_.isLength(op.getRhs()) ? of(op.getLhs()) : BoxInterval();
        if (!a) return {};
        mlir::Value d = of(op.getRhs()).low.value;
        return {{box_.make<arith::DivSIOp>(a.low.value, d), std::min(a.low.ever, int64_t{0})},
                {box_.make<arith::DivSIOp>(a.high.value, d), std::max(a.high.ever, int64_t{0})}};
      })
      .Case([&](arith::RemSIOp op) -> BoxInterval {
        const BoxInterval a = reads_.isLength(op.getRhs()) ? of(op.getLhs()) : BoxInterval();
        return a ? remainder(a, of(op.getRhs())) : BoxInterval();
      })
      .Default([&](Operation*) { return looked(value); });
}

/// A product by a constant or by a length.
BoxInterval BoxIntervals::product(arith::MulIOp op) {
  if (auto known = difference(op.getResult())) return known;
  for (auto [x, y] : {std::pair(op.getLhs(), op.getRhs()), {op.getRhs(), op.getLhs()}}) {
    if (!reads_.isLength(y)) continue;
    const BoxInterval own = of(x);
    if (!own) continue;
    mlir::Value factor = point(y).low.value;
    return indexed({{box_.make<arith::MulIOp>(own.low.value, factor),
                     std::min(own.low.ever, int64_t{0}) * mostIndex},
                    {box_.make<arith::MulIOp>(own.high.value, factor),
                     std::max(own.high.ever, int64_t{0}) * mostIndex}});
  }
  return {};
}

/// Where both ends have the same quotient, so has every number between them, and the remainder is
/// increasing there. Elsewhere it is any remainder of the dividend's sign.
BoxInterval BoxIntervals::remainder(const BoxInterval& a, const BoxInterval& by) {
  using enum arith::CmpIPredicate;
  mlir::Value d = by.low.value, least = a.low.value, most = a.high.value;
  mlir::Value same =
      box_.compare(eq, box_.make<arith::DivSIOp>(least, d), box_.make<arith::DivSIOp>(most, d));
  mlir::Value zero = box_.number(0), one = box_.number(1);
  mlir::Value lowest = box_.make<arith::SelectOp>(box_.compare(slt, least, zero),
                                                  box_.make<arith::SubIOp>(one, d), zero);
  mlir::Value highest = box_.make<arith::SelectOp>(box_.compare(sgt, most, zero),
                                                   box_.make<arith::SubIOp>(d, one), zero);
  return {{box_.make<arith::SelectOp>(same, box_.make<arith::RemSIOp>(least, d), lowest),
           a.low.ever < 0 ? -mostIndex : 0},
          {box_.make<arith::SelectOp>(same, box_.make<arith::RemSIOp>(most, d), highest),
           a.high.ever > 0 ? mostIndex : 0}};
}

}  // namespace attnc::ir
