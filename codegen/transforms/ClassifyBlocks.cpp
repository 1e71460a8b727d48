//===- ClassifyBlocks.cpp - attn-classify-blocks -------------------------------===//
//
// Interval arithmetic over the mask's region: an index becomes its least and its most over a tile
// of queries and a cell of keys, a truth whether it can hold and whether it surely does. Both may
// be too careful, never wrong: `possible` is false only where every pair is hidden, `certain` true
// only where every pair is visible.

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "transforms/MaskShape.h"
#include "transforms/Passes.h"
#include "transforms/Reads.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {
#define GEN_PASS_DEF_CLASSIFYBLOCKS
#include "transforms/Passes.h.inc"

namespace {

/// The least and the most of an index; null where nothing is known.
struct Interval {
  mlir::Value least, most;
  explicit operator bool() const { return bool(least); }
};
/// Of a truth.
struct Sight {
  mlir::Value possible, certain;
};

class Classifier {
 public:
  Classifier(AttentionOp attention, Block* blocks)
      : builder_(OpBuilder::atBlockEnd(blocks)), loc_(attention.getLoc()), blocks_(blocks) {}

  Sight classify(mlir::Value truth) {
    if (auto known = sights_.find(truth); known != sights_.end()) return known->second;
    Sight made = classifyNew(truth);
    return sights_[truth] = made;
  }

 private:
  OpBuilder builder_;
  Location loc_;
  Block* blocks_;
  Reads reads_;
  llvm::DenseMap<mlir::Value, Sight> sights_;
  llvm::DenseMap<mlir::Value, Interval> intervals_;
  IRMapping points_;  // of values that read no position of a query or a key: their clones here

  template <class Op, class... A>
  mlir::Value make(A&&... a) {
    return builder_.createOrFold<Op>(loc_, std::forward<A>(a)...);
  }
  mlir::Value number(int64_t n) { return arith::ConstantIndexOp::create(builder_, loc_, n); }
  mlir::Value truth(bool v) {
    return arith::ConstantOp::create(builder_, loc_, builder_.getBoolAttr(v));
  }
  mlir::Value atMost(mlir::Value a, mlir::Value b) {
    return make<arith::CmpIOp>(arith::CmpIPredicate::sle, a, b);
  }
  mlir::Value below(mlir::Value a, mlir::Value b) {
    return make<arith::CmpIOp>(arith::CmpIPredicate::slt, a, b);
  }
  // Constants on either side fold here: what is always so must be seen to be.
  mlir::Value both(mlir::Value a, mlir::Value b) {
    if (matchPattern(a, m_One()) || matchPattern(b, m_Zero())) return b;
    if (matchPattern(b, m_One()) || matchPattern(a, m_Zero())) return a;
    return make<arith::AndIOp>(a, b);
  }
  mlir::Value either(mlir::Value a, mlir::Value b) {
    if (matchPattern(a, m_Zero()) || matchPattern(b, m_One())) return b;
    if (matchPattern(b, m_Zero()) || matchPattern(a, m_One())) return a;
    return make<arith::OrIOp>(a, b);
  }
  mlir::Value negated(mlir::Value a) { return make<arith::XOrIOp>(a, truth(true)); }

  Sight unknown() { return {truth(true), truth(false)}; }

  // ---- what is cloned

  /// A value that is the same for all pairs of the box.
  mlir::Value point(mlir::Value value) {
    return value.getParentBlock() == blocks_ ? value : cloned(value, builder_, points_);
  }

  /// Its least and most over one axis, found by looking at every query of the tile or key of the
  /// cell.
  std::pair<mlir::Value, mlir::Value> extremes(mlir::Value value, Over over) {
    auto op = ExtremesOp::create(builder_, loc_, value.getType(), value.getType(), over);
    OpBuilder inside(builder_.getContext());
    inside.createBlock(&op.getFormula());
    IRMapping mapping;
    mlir::Value result = cloned(value, inside, mapping);
    YieldOp::create(inside, loc_, result);
    return {op.getLeast(), op.getMost()};
  }
  std::optional<Over> overOf(mlir::Value value) {
    const Axes axes = reads_.axes(value);
    if (axes == Axes::query) return Over::Query;
    if (axes == Axes::key) return Over::Key;
    return std::nullopt;
  }
  Interval looked(mlir::Value value) {
    const std::optional<Over> over = overOf(value);
    if (!over) return {};
    auto [least, most] = extremes(value, *over);
    return {least, most};
  }

  // ---- truths

  Sight classifyNew(mlir::Value value) {
    if (reads_.axes(value) == Axes::none) {
      mlir::Value same = point(value);
      return {same, same};
    }
    Operation* op = value.getDefiningOp();
    // Logic of one axis that has to be looked at anyway is looked at as a whole; but masks of the
    // call one by one: kernels know which of them are one number throughout.
    if (isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::SelectOp>(op) && overOf(value) &&
        !reads_.plain(value) && !reads_.masks(value))
      return lookedAt(value);
    return llvm::TypeSwitch<Operation*, Sight>(op)
        .Case([&](arith::AndIOp op) {
          Sight a = classify(op.getLhs()), b = classify(op.getRhs());
          return Sight{both(a.possible, b.possible), both(a.certain, b.certain)};
        })
        .Case([&](arith::OrIOp op) {
          Sight a = classify(op.getLhs()), b = classify(op.getRhs());
          return Sight{either(a.possible, b.possible), either(a.certain, b.certain)};
        })
        .Case([&](arith::XOrIOp op) { return exclusive(op); })
        .Case([&](arith::SelectOp op) {
          Sight c = classify(op.getCondition()), a = classify(op.getTrueValue()),
                b = classify(op.getFalseValue());
          mlir::Value possible =
              either(both(c.possible, a.possible), both(negated(c.certain), b.possible));
          mlir::Value certain =
              either(both(c.certain, a.certain), both(negated(c.possible), b.certain));
          return Sight{possible, either(certain, both(a.certain, b.certain))};
        })
        .Case([&](arith::CmpIOp op) { return comparison(op); })
        .Case([&](OwnOp op) {
          if (overOf(op.getResult())) return lookedAt(op.getResult());
          auto [least, most] = extremes(op.getResult(), Over::Pairs);
          return Sight{most, least};
        })
        .Default([&](Operation*) { return lookedAt(value); });
  }

  /// Of one axis: looked at. Of both: unknown.
  Sight lookedAt(mlir::Value value) {
    Interval all = looked(value);
    return all ? Sight{all.most, all.least} : unknown();
  }

  Sight exclusive(arith::XOrIOp op) {
    Sight a = classify(op.getLhs());
    if (matchPattern(op.getRhs(), m_One())) return {negated(a.certain), negated(a.possible)};
    Sight b = classify(op.getRhs());
    return {either(both(a.possible, negated(b.certain)), both(negated(a.certain), b.possible)),
            either(both(a.certain, negated(b.possible)), both(negated(a.possible), b.certain))};
  }

  Sight comparison(arith::CmpIOp op) {
    if (!op.getLhs().getType().isIndex()) return lookedAt(op.getResult());
    // One axis, and intervals would not do: the comparison itself is looked at.
    if (overOf(op.getResult()) && !reads_.plain(op.getResult())) return lookedAt(op.getResult());
    using enum arith::CmpIPredicate;
    switch (op.getPredicate()) {
      case sle:
        return ordered(op.getLhs(), op.getRhs(), false);
      case slt:
        return ordered(op.getLhs(), op.getRhs(), true);
      case sge:
        return ordered(op.getRhs(), op.getLhs(), false);
      case sgt:
        return ordered(op.getRhs(), op.getLhs(), true);
      case eq:
        return equal(op.getLhs(), op.getRhs());
      case ne: {
        Sight same = equal(op.getLhs(), op.getRhs());
        return {negated(same.certain), negated(same.possible)};
      }
      default:
        return lookedAt(op.getResult());
    }
  }

  /// a <= b, or a < b.
  Sight ordered(mlir::Value a, mlir::Value b, bool strictly) {
    auto [low, high] = sides(a, b);
    if (!low || !high) return unknown();
    if (strictly) return {below(low.least, high.most), below(low.most, high.least)};
    return {atMost(low.least, high.most), atMost(low.most, high.least)};
  }

  Sight equal(mlir::Value a, mlir::Value b) {
    auto [x, y] = sides(a, b);
    if (!x || !y) return unknown();
    mlir::Value possible = both(atMost(x.least, y.most), atMost(y.least, x.most));
    // least x = most y >= least y = most x >= least x: all four are one.
    mlir::Value certain = both(make<arith::CmpIOp>(arith::CmpIPredicate::eq, x.least, y.most),
                               make<arith::CmpIOp>(arith::CmpIPredicate::eq, x.most, y.least));
    return {possible, certain};
  }

  // ---- indices

  /// A sum: parts that are no sums, with coefficients, and a number. Equal positions are one part.
  struct Sum {
    llvm::MapVector<mlir::Value, int64_t> parts;
    int64_t number = 0;
  };
  void add(Sum& sum, mlir::Value value, int64_t factor) {
    // Coefficients of masks are small; a product of those that are not stays a part.
    constexpr int64_t most = int64_t{1} << 20;
    if (auto n = reads_.constant(value); n && std::abs(*n) < most) {
      sum.number += factor * *n;
      return;
    }
    if (reads_.axes(value) == Axes::none) value = point(value);
    Operation* op = value.getDefiningOp();
    if (auto sub = dyn_cast_or_null<arith::SubIOp>(op)) {
      add(sum, sub.getLhs(), factor);
      add(sum, sub.getRhs(), -factor);
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
        if (auto n = reads_.constant(y); n && std::abs(*n) < most && std::abs(factor * *n) < most)
          return add(sum, x, factor * *n);
    }
    sum.parts[reads_.first(value)] += factor;
  }

  /// Both sides of a comparison. Where they share something, it is taken from both, and each part
  /// then stands on the side where its coefficient is positive. Else they are as they were written,
  /// so that they overflow no sooner than the mask does.
  std::pair<Interval, Interval> sides(mlir::Value a, mlir::Value b) {
    Sum left, right;
    add(left, a, 1);
    add(right, b, 1);
    const bool share = llvm::any_of(
        left.parts, [&](const auto& part) { return right.parts.contains(part.first); });
    if (!share) return {ofSum(left), ofSum(right)};
    for (auto& [part, coefficient] : left.parts) right.parts[part] -= coefficient;
    right.number -= left.number;
    return {total(right, -1), total(right, 1)};
  }

  /// The parts of one sign.
  Interval total(const Sum& sum, int64_t sign) {
    Interval out;
    auto plus = [&](Interval part) {
      out = out ? Interval{make<arith::AddIOp>(out.least, part.least),
                           make<arith::AddIOp>(out.most, part.most)}
                : part;
    };
    for (auto& [part, coefficient] : sum.parts) {
      const int64_t factor = coefficient * sign;
      if (factor <= 0) continue;
      Interval own = interval(part);
      if (!own) return {};
      plus(times(own, factor));
    }
    const int64_t rest = std::max(sum.number * sign, int64_t{0});
    if (!out || rest != 0) {
      mlir::Value n = number(rest);
      plus({n, n});
    }
    return out;
  }
  Interval times(Interval x, int64_t factor) {
    if (factor == 1) return x;
    mlir::Value n = number(factor);
    mlir::Value least = make<arith::MulIOp>(x.least, n);
    return {least, x.least == x.most ? least : make<arith::MulIOp>(x.most, n)};
  }

  Interval interval(mlir::Value value) {
    if (auto known = intervals_.find(value); known != intervals_.end()) return known->second;
    Interval made = intervalNew(value);
    return intervals_[value] = made;
  }

  Interval intervalNew(mlir::Value value) {
    // A clone that is here already, or what becomes one.
    if (value.getParentBlock() == blocks_) return {value, value};
    if (reads_.axes(value) == Axes::none) {
      mlir::Value same = point(value);
      return {same, same};
    }
    if (overOf(value) && !reads_.plain(value)) return looked(value);
    auto pair = [&](auto op, auto&& made) -> Interval {
      Interval a = interval(op.getLhs()), b = interval(op.getRhs());
      return a && b ? made(a, b) : Interval{};
    };
    return llvm::TypeSwitch<Operation*, Interval>(value.getDefiningOp())
        .Case([&](PositionOp op) -> Interval {
          const unsigned first = op.getAxis().getKind() == Kind::query ? 0 : 2;
          return {blocks_->getArgument(first), blocks_->getArgument(first + 1)};
        })
        .Case<arith::AddIOp, arith::SubIOp>([&](auto) -> Interval { return difference(value); })
        .Case([&](arith::MulIOp op) -> Interval {
          if (auto known = difference(value)) return known;
          for (auto [x, y] : {std::pair(op.getLhs(), op.getRhs()), {op.getRhs(), op.getLhs()}}) {
            if (!reads_.isLength(y)) continue;
            Interval own = interval(x);
            mlir::Value factor = point(y);
            if (own)
              return {make<arith::MulIOp>(own.least, factor),
                      make<arith::MulIOp>(own.most, factor)};
          }
          return {};
        })
        .Case([&](arith::MinSIOp op) {
          return pair(op, [&](Interval a, Interval b) {
            return Interval{make<arith::MinSIOp>(a.least, b.least),
                            make<arith::MinSIOp>(a.most, b.most)};
          });
        })
        .Case([&](arith::MaxSIOp op) {
          return pair(op, [&](Interval a, Interval b) {
            return Interval{make<arith::MaxSIOp>(a.least, b.least),
                            make<arith::MaxSIOp>(a.most, b.most)};
          });
        })
        .Case([&](math::AbsIOp op) -> Interval {
          Interval a = interval(op.getOperand());
          if (!a) return {};
          mlir::Value zero = number(0);
          mlir::Value below = make<arith::SubIOp>(zero, a.most),
                      above = make<arith::SubIOp>(zero, a.least);
          return {make<arith::MaxSIOp>(make<arith::MaxSIOp>(a.least, below), zero),
                  make<arith::MaxSIOp>(above, a.most)};
        })
        .Case([&](arith::SelectOp op) -> Interval {
          Interval a = interval(op.getTrueValue()), b = interval(op.getFalseValue());
          if (!a || !b) return {};
          if (reads_.axes(op.getCondition()) == Axes::none) {
            mlir::Value c = point(op.getCondition());
            return {make<arith::SelectOp>(c, a.least, b.least),
                    make<arith::SelectOp>(c, a.most, b.most)};
          }
          return {make<arith::MinSIOp>(a.least, b.least), make<arith::MaxSIOp>(a.most, b.most)};
        })
        .Case([&](arith::DivSIOp op) -> Interval {
          // Towards zero: never falling where the divisor is positive.
          Interval a = reads_.isLength(op.getRhs()) ? interval(op.getLhs()) : Interval();
          if (!a) return {};
          mlir::Value d = point(op.getRhs());
          return {make<arith::DivSIOp>(a.least, d), make<arith::DivSIOp>(a.most, d)};
        })
        .Case([&](arith::RemSIOp op) -> Interval {
          Interval a = reads_.isLength(op.getRhs()) ? interval(op.getLhs()) : Interval();
          return a ? remainder(a, point(op.getRhs())) : Interval();
        })
        .Default([&](Operation*) { return looked(value); });
  }

  /// Where least and most have one quotient, what lies between has it too, and the remainder rises
  /// with it. Else it is anything of its sign.
  Interval remainder(Interval a, mlir::Value d) {
    mlir::Value same =
        make<arith::CmpIOp>(arith::CmpIPredicate::eq, make<arith::DivSIOp>(a.least, d),
                            make<arith::DivSIOp>(a.most, d));
    mlir::Value zero = number(0), one = number(1);
    mlir::Value lowest =
        make<arith::SelectOp>(make<arith::CmpIOp>(arith::CmpIPredicate::slt, a.least, zero),
                              make<arith::SubIOp>(one, d), zero);
    mlir::Value highest =
        make<arith::SelectOp>(make<arith::CmpIOp>(arith::CmpIPredicate::sgt, a.most, zero),
                              make<arith::SubIOp>(d, one), zero);
    return {make<arith::SelectOp>(same, make<arith::RemSIOp>(a.least, d), lowest),
            make<arith::SelectOp>(same, make<arith::RemSIOp>(a.most, d), highest)};
  }

  /// Of a sum: its positive parts less its negative ones. Nothing where it is not a sum.
  Interval difference(mlir::Value value) {
    Sum sum;
    add(sum, value, 1);
    if (sum.parts.contains(value)) return {};
    return ofSum(sum);
  }
  Interval ofSum(const Sum& sum) {
    Interval up = total(sum, 1), down = total(sum, -1);
    if (!up || !down) return {};
    return {make<arith::SubIOp>(up.least, down.most), make<arith::SubIOp>(up.most, down.least)};
  }
};

struct ClassifyBlocks : impl::ClassifyBlocksBase<ClassifyBlocks> {
  void runOnOperation() override { getOperation()->walk(classified); }

  static void classified(AttentionOp attention) {
    if (attention.getMask().empty() || !attention.getBlocks().empty()) return;
    auto visible = cast<YieldOp>(attention.getMask().front().back()).getValues()[0];
    attention.setShape(maskShape(visible));
    // A hidden key counts in rows without any visible one: rounding decides which.
    if (attention.getRule() == Rule::Additive) return;
    OpBuilder builder(attention.getContext());
    mlir::Type index = builder.getIndexType();
    Location loc = attention.getLoc();
    Block* blocks = builder.createBlock(&attention.getBlocks(), {}, {index, index, index, index},
                                        {loc, loc, loc, loc});
    Sight sight = Classifier(attention, blocks).classify(visible);
    builder.setInsertionPointToEnd(blocks);
    YieldOp::create(builder, loc, ValueRange{sight.possible, sight.certain});
    // Always possible, never certain: that says nothing.
    if (matchPattern(sight.possible, m_One()) && matchPattern(sight.certain, m_Zero()))
      blocks->erase();
  }
};

}  // namespace
}  // namespace attnc::ir
