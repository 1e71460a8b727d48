//===- Intervals.cpp - interval arithmetic over a box of pairs ------------------===//

#include "transforms/Intervals.h"

#include <algorithm>
#include <limits>

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {

namespace {

constexpr int64_t leastIndex = std::numeric_limits<int32_t>::min(),
                  mostIndex = std::numeric_limits<int32_t>::max();

/// The lowest 32 bits of a product or a sum.
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

// ---- sums

void Intervals::add(Sum& sum, mlir::Value value, int64_t factor) {
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

/// The parts of one sign. Null where that might leave 64 bits.
Interval Intervals::total(const Sum& sum, int64_t sign) {
  Interval out;
  auto plus = [&](const Interval& part) {
    if (!out) {
      out = part;
      return true;
    }
    Interval both{box_.make<arith::AddIOp>(out.least, part.least),
                  box_.make<arith::AddIOp>(out.most, part.most)};
    if (llvm::AddOverflow(out.low, part.low, both.low) ||
        llvm::AddOverflow(out.high, part.high, both.high))
      return false;
    out = both;
    return true;
  };
  for (auto& [part, coefficient] : sum.parts) {
    const int64_t factor = coefficient * sign;
    if (factor <= 0) continue;
    Interval own = of(part);
    if (!own) return {};
    if (factor != 1) {
      Interval scaled;
      if (llvm::MulOverflow(own.low, factor, scaled.low) ||
          llvm::MulOverflow(own.high, factor, scaled.high))
        return {};
      mlir::Value n = box_.number(factor);
      scaled.least = box_.make<arith::MulIOp>(own.least, n);
      scaled.most = own.least == own.most ? scaled.least : box_.make<arith::MulIOp>(own.most, n);
      own = scaled;
    }
    if (!plus(own)) return {};
  }
  const int64_t rest = std::max(sum.number * sign, int64_t{0});
  if (!out || rest != 0) {
    mlir::Value n = box_.number(rest);
    if (!plus({n, n, rest, rest})) return {};
  }
  return out;
}

/// Its positive parts less its negative ones, in 64 bits.
Interval Intervals::ofSum(const Sum& sum) {
  Interval up = total(sum, 1), down = total(sum, -1), out;
  if (!up || !down || llvm::SubOverflow(up.low, down.high, out.low) ||
      llvm::SubOverflow(up.high, down.low, out.high))
    return {};
  out.least = box_.make<arith::SubIOp>(up.least, down.most);
  out.most = box_.make<arith::SubIOp>(up.most, down.least);
  return out;
}

/// Of a value that is a sum; else nothing.
Interval Intervals::difference(mlir::Value value) {
  Sum sum;
  add(sum, value, 1);
  if (sum.parts.contains(value)) return {};
  return indexed(ofSum(sum));
}

/// Whether the interval keeps to 32 bits, so that no number of it wraps around; null where it
/// surely does.
mlir::Value Intervals::isIndexed(const Interval& i) {
  mlir::Value above, below;
  if (i.low < leastIndex)
    above = box_.compare(arith::CmpIPredicate::sge, i.least, box_.number(leastIndex));
  if (i.high > mostIndex)
    below = box_.compare(arith::CmpIPredicate::sle, i.most, box_.number(mostIndex));
  return above && below ? box_.both(above, below) : above ? above : below;
}

/// What of an interval is known of the index that wraps around: itself, or any number of 32 bits.
Interval Intervals::indexed(const Interval& i) {
  mlir::Value exact = i ? isIndexed(i) : mlir::Value();
  if (!exact) return i;
  return {box_.make<arith::SelectOp>(exact, i.least, box_.number(leastIndex)),
          box_.make<arith::SelectOp>(exact, i.most, box_.number(mostIndex)), leastIndex, mostIndex};
}

Intervals::Sides Intervals::sides(mlir::Value a, mlir::Value b) {
  Sum left, right;
  add(left, a, 1);
  add(right, b, 1);
  const bool share =
      llvm::any_of(left.parts, [&](const auto& part) { return right.parts.contains(part.first); });
  const Interval x = ofSum(left), y = ofSum(right);
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

Interval Intervals::of(mlir::Value value) {
  if (auto known = known_.find(value); known != known_.end()) return known->second;
  Interval made = find(value);
  return known_[value] = made;
}

Interval Intervals::point(mlir::Value value) {
  const bool natural = Reads::isLength(value) || value.getDefiningOp<PositionOp>();
  mlir::Value same = box_.widened(box_.point(value));
  return {same, same, natural ? 0 : leastIndex, mostIndex};
}

Interval Intervals::looked(mlir::Value value) {
  const std::optional<Over> over = overOf(reads_, value);
  if (!over) return {};
  auto [least, most] = box_.extremes(value, *over);
  return {box_.widened(least), box_.widened(most), leastIndex, mostIndex};
}

Interval Intervals::find(mlir::Value value) {
  // A clone that is in the box already, or what becomes one.
  if (box_.has(value) || reads_.axes(value) == Axes::none) return point(value);
  if (overOf(reads_, value) && !reads_.plain(value)) return looked(value);
  auto extreme = [&](auto op, bool least) -> Interval {
    using Op = decltype(op);
    Interval a = of(op.getLhs()), b = of(op.getRhs());
    if (!a || !b) return {};
    auto of = [&](int64_t x, int64_t y) { return least ? std::min(x, y) : std::max(x, y); };
    return {box_.make<Op>(a.least, b.least), box_.make<Op>(a.most, b.most), of(a.low, b.low),
            of(a.high, b.high)};
  };
  return llvm::TypeSwitch<Operation*, Interval>(value.getDefiningOp())
      .Case([&](PositionOp op) -> Interval {
        auto [first, last] = box_.ends(op.getAxis().getKind());
        return {first, last, 0, mostIndex - 1};
      })
      .Case<arith::AddIOp, arith::SubIOp>([&](auto) -> Interval { return difference(value); })
      .Case([&](arith::MulIOp op) -> Interval {
        if (auto known = difference(value)) return known;
        for (auto [x, y] : {std::pair(op.getLhs(), op.getRhs()), {op.getRhs(), op.getLhs()}}) {
          if (!reads_.isLength(y)) continue;
          const Interval own = of(x);
          if (!own) continue;
          mlir::Value factor = point(y).least;
          return indexed({box_.make<arith::MulIOp>(own.least, factor),
                          box_.make<arith::MulIOp>(own.most, factor),
                          std::min(own.low, int64_t{0}) * mostIndex,
                          std::max(own.high, int64_t{0}) * mostIndex});
        }
        return {};
      })
      .Case([&](arith::MinSIOp op) { return extreme(op, true); })
      .Case([&](arith::MaxSIOp op) { return extreme(op, false); })
      .Case([&](math::AbsIOp op) -> Interval {
        Interval a = of(op.getOperand());
        if (!a) return {};
        mlir::Value zero = box_.number(0);
        mlir::Value below = box_.make<arith::SubIOp>(zero, a.most),
                    above = box_.make<arith::SubIOp>(zero, a.least);
        // 2^31 of the least index: it wraps around.
        return indexed({box_.make<arith::MaxSIOp>(box_.make<arith::MaxSIOp>(a.least, below), zero),
                        box_.make<arith::MaxSIOp>(above, a.most), 0, std::max(-a.low, a.high)});
      })
      .Case([&](arith::SelectOp op) -> Interval {
        Interval a = of(op.getTrueValue()), b = of(op.getFalseValue());
        if (!a || !b) return {};
        const int64_t low = std::min(a.low, b.low), high = std::max(a.high, b.high);
        if (reads_.axes(op.getCondition()) == Axes::none) {
          mlir::Value c = box_.point(op.getCondition());
          return {box_.make<arith::SelectOp>(c, a.least, b.least),
                  box_.make<arith::SelectOp>(c, a.most, b.most), low, high};
        }
        return {box_.make<arith::MinSIOp>(a.least, b.least),
                box_.make<arith::MaxSIOp>(a.most, b.most), low, high};
      })
      .Case([&](arith::DivSIOp op) -> Interval {
        // Towards zero: never falling where the divisor is positive.
        Interval a = reads_.isLength(op.getRhs()) ? of(op.getLhs()) : Interval();
        if (!a) return {};
        mlir::Value d = of(op.getRhs()).least;
        return {box_.make<arith::DivSIOp>(a.least, d), box_.make<arith::DivSIOp>(a.most, d),
                std::min(a.low, int64_t{0}), std::max(a.high, int64_t{0})};
      })
      .Case([&](arith::RemSIOp op) -> Interval {
        Interval a = reads_.isLength(op.getRhs()) ? of(op.getLhs()) : Interval();
        return a ? remainder(a, of(op.getRhs())) : Interval();
      })
      .Default([&](Operation*) { return looked(value); });
}

/// Where least and most have one quotient, what lies between has it too, and the remainder rises
/// with it. Else it is anything of its sign.
Interval Intervals::remainder(const Interval& a, const Interval& by) {
  using enum arith::CmpIPredicate;
  mlir::Value d = by.least;
  mlir::Value same =
      box_.compare(eq, box_.make<arith::DivSIOp>(a.least, d), box_.make<arith::DivSIOp>(a.most, d));
  mlir::Value zero = box_.number(0), one = box_.number(1);
  mlir::Value lowest = box_.make<arith::SelectOp>(box_.compare(slt, a.least, zero),
                                                  box_.make<arith::SubIOp>(one, d), zero);
  mlir::Value highest = box_.make<arith::SelectOp>(box_.compare(sgt, a.most, zero),
                                                   box_.make<arith::SubIOp>(d, one), zero);
  return {box_.make<arith::SelectOp>(same, box_.make<arith::RemSIOp>(a.least, d), lowest),
          box_.make<arith::SelectOp>(same, box_.make<arith::RemSIOp>(a.most, d), highest),
          a.low < 0 ? -mostIndex : 0, a.high > 0 ? mostIndex : 0};
}

}  // namespace attnc::ir
