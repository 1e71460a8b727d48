//===- Box.h - bounds of indices over a box of pairs ---------------------------===//
//
//   Box box(attention, blocks);          // blocks: the block of the region `blocks`
//   BoxIntervals intervals(box, reads);
//   if (BoxInterval i = intervals.of(value)) use(i.low.value, i.high.value);
//
// A box is a tile of queries with a cell of keys. Bounds are of MLIR's type `index`, which has 64
// bits: indices of the mask wrap around at 32 bits, their bounds must not. A chain of sums and
// products is bounded as a whole. Where it may overflow 32 bits, a test at run time says whether it
// does; then the index may have any value. Not here: truths (ClassifyBlocks.cpp).
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/MapVector.h"
#include "masks/Interval.h"
#include "masks/Reads.h"
#include "mlir/IR/IRMapping.h"

namespace attnc::ir {

/// Creates operations in the region `blocks` of an attention.
class Box {
 public:
  Box(AttentionOp attention, mlir::Block* blocks)
      : builder_(mlir::OpBuilder::atBlockEnd(blocks)), loc_(attention.getLoc()), blocks_(blocks) {}

  /// Folds what it can: a condition that always holds has to become a constant.
  template <class Op, class... A>
  mlir::Value make(A&&... a) {
    return builder_.createOrFold<Op>(loc_, std::forward<A>(a)...);
  }
  mlir::Value number(int64_t n) { return mlir::arith::ConstantIndexOp::create(builder_, loc_, n); }
  mlir::Value truth(bool v) {
    return mlir::arith::ConstantOp::create(builder_, loc_, builder_.getBoolAttr(v));
  }
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, mlir::Value a, mlir::Value b) {
    return make<mlir::arith::CmpIOp>(predicate, a, b);
  }
  mlir::Value both(mlir::Value a, mlir::Value b);
  mlir::Value either(mlir::Value a, mlir::Value b);
  mlir::Value negated(mlir::Value a) { return make<mlir::arith::XOrIOp>(a, truth(true)); }
  /// An index, widened to 64 bits.
  mlir::Value widened(mlir::Value index) {
    return make<mlir::arith::IndexCastOp>(builder_.getIndexType(), index);
  }

  bool has(mlir::Value value) const { return value.getParentBlock() == blocks_; }
  /// Clones a value that is the same for all pairs of the box into the region.
  mlir::Value point(mlir::Value value) {
    return has(value) ? value : cloned(value, builder_, points_);
  }
  /// The tile's first and last query, or the cell's first and last key.
  std::pair<mlir::Value, mlir::Value> ends(attn::Kind kind) const {
    const unsigned first = kind == attn::Kind::query ? 0 : 2;
    return {blocks_->getArgument(first), blocks_->getArgument(first + 1)};
  }
  /// The least and the greatest value over one axis, found by evaluating `value` at every query of
  /// the tile or every key of the cell (attn.extremes). Of an index they have 32 bits; of a truth
  /// they are whether it holds for all and whether it holds for one.
  std::pair<mlir::Value, mlir::Value> extremes(mlir::Value value, Over over);

 private:
  mlir::OpBuilder builder_;
  mlir::Location loc_;
  mlir::Block* blocks_;
  mlir::IRMapping points_;  // clones of values that read no position of a query or a key
};

/// The axis that a value reads; nullopt where it reads none or both.
std::optional<Over> overOf(Reads& reads, mlir::Value value);

/// An end of an interval: `value` is computed for each box, `ever` bounds it in any call, from
/// below for a low end and from above for a high end.
struct BoxEnd {
  mlir::Value value{};
  int64_t ever = 0;
  explicit operator bool() const { return bool(value); }
};
using BoxInterval = Interval<BoxEnd>;

struct BoxArithmetic {
  using End = BoxEnd;
  Box& box;
  BoxEnd plus(const BoxEnd& a, const BoxEnd& b);
  BoxEnd minus(const BoxEnd& a, const BoxEnd& b);
  BoxEnd times(const BoxEnd& a, int64_t factor);
  BoxEnd minimum(const BoxEnd& a, const BoxEnd& b);
  BoxEnd maximum(const BoxEnd& a, const BoxEnd& b);
  static BoxInterval checked(const BoxInterval& i) { return i.low && i.high ? i : BoxInterval(); }
};

class BoxIntervals {
 public:
  BoxIntervals(Box& box, Reads& reads) : box_(box), reads_(reads), rules_{{box}} {}

  /// The interval of an index, within 32 bits.
  BoxInterval of(mlir::Value index);

  /// The intervals of both sides of a comparison of indices. Where the sides share a part, one is
  /// subtracted from the other, and each part goes to the side where its coefficient is positive.
  /// This is valid only where neither side wraps around: `exact` is that condition, or null if it
  /// always holds.
  struct Sides {
    BoxInterval a{}, b{};
    mlir::Value exact{};
  };
  Sides sides(mlir::Value a, mlir::Value b);

 private:
  /// A sum modulo 2^32: parts, which are not sums themselves, with 32-bit coefficients, and a
  /// 32-bit constant. Equal positions are one part.
  struct Sum {
    llvm::MapVector<mlir::Value, int64_t> parts;
    int64_t number = 0;
  };

  Box& box_;
  Reads& reads_;
  IntervalRules<BoxArithmetic> rules_;
  llvm::DenseMap<mlir::Value, BoxInterval> known_;

  void add(Sum& sum, mlir::Value value, int64_t factor);
  BoxInterval ofSum(const Sum& sum);
  BoxInterval total(const Sum& sum, int64_t sign);
  BoxInterval difference(mlir::Value value);
  mlir::Value isIndexed(const BoxInterval& interval);
  BoxInterval indexed(const BoxInterval& interval);
  BoxInterval constant(int64_t number);
  BoxInterval point(mlir::Value value);
  BoxInterval product(mlir::arith::MulIOp op);
  BoxInterval find(mlir::Value value);
  BoxInterval looked(mlir::Value value);
  BoxInterval remainder(const BoxInterval& a, const BoxInterval& d);
};

}  // namespace attnc::ir
