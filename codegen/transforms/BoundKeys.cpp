//===- BoundKeys.cpp - attn-bound-keys -----------------------------------------===//
//
// The mask's region becomes a condition, KeyBounds solves it, and the range becomes the `keys`
// region.

#include "masks/KeyBounds.h"
#include "masks/MaskReader.h"
#include "transforms/Passes.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {
#define GEN_PASS_DEF_BOUNDKEYS
#include "transforms/Passes.h.inc"

namespace {

/// Flags for both of whose values the mask is solved; each doubles the cases. Further flags are
/// unknown.
constexpr size_t maxFlags = 4;
/// Operations of a range, which kernels compute once per tile. Longer ranges come from masks of
/// many alternatives, whose hull is seldom narrow, and would not fit into a plan's formula.
constexpr size_t maxOperations = 80;

/// Writes terms of a range as operations, each term once.
class Writer {
 public:
  Writer(OpBuilder builder, Location loc, Block* keys, const MaskTables& tables)
      : builder_(builder), loc_(loc), keys_(keys), tables_(tables) {}

  mlir::Value write(const Term& term) {
    if (auto known = values_.find(term->text); known != values_.end()) return known->second;
    mlir::Value value = make(term);
    return values_[term->text] = value;
  }

 private:
  OpBuilder builder_;
  Location loc_;
  Block* keys_;
  const MaskTables& tables_;
  llvm::StringMap<mlir::Value> values_;
  IRMapping points_;

  mlir::Value number(int64_t n) { return arith::ConstantIndexOp::create(builder_, loc_, n); }
  /// Indices have 32 bits; bounds are computed in 64.
  mlir::Value widened(mlir::Value index) {
    return arith::IndexCastOp::create(builder_, loc_, builder_.getIndexType(), index);
  }
  mlir::Value length(Kind kind) {
    return widened(LengthOp::create(builder_, loc_, builder_.getI32Type(),
                                    AxisAttr::get(builder_.getContext(), kind, 0)));
  }

  mlir::Value make(const Term& term) {
    switch (term->kind) {
      case TermKind::first:
        return keys_->getArgument(0);
      case TermKind::last:
        return keys_->getArgument(1);
      case TermKind::queryLength:
        return length(Kind::query);
      case TermKind::keyLength:
        return length(Kind::key);
      case TermKind::point:
        return widened(
            cloned(tables_.points[static_cast<size_t>(term->number)], builder_, points_));
      case TermKind::product: {
        mlir::Value a = write(term->a), b = write(term->b);
        return arith::MulIOp::create(builder_, loc_, a, b);
      }
      case TermKind::sum:
        return makeSum(term);
      case TermKind::quotient:
        return makeQuotient(term);
      case TermKind::minimum: {
        mlir::Value a = write(term->a), b = write(term->b);
        return arith::MinSIOp::create(builder_, loc_, a, b);
      }
      case TermKind::maximum: {
        mlir::Value a = write(term->a), b = write(term->b);
        return arith::MaxSIOp::create(builder_, loc_, a, b);
      }
      case TermKind::choice: {
        mlir::Value condition = write(term->condition), a = write(term->a), b = write(term->b);
        return arith::SelectOp::create(builder_, loc_, condition, a, b);
      }
      case TermKind::remainder:  // never in a range: only its interval [0, d) is used
      case TermKind::query:
      case TermKind::key:
      case TermKind::unknown:
        break;
    }
    llvm_unreachable("a key range is made of tile terms");
  }

  mlir::Value makeSum(const Term& term) {
    mlir::Value sum;
    auto scaled = [&](const Term& part, int64_t factor) -> mlir::Value {
      mlir::Value value = write(part);
      return factor == 1
                 ? value
                 : mlir::Value(arith::MulIOp::create(builder_, loc_, value, number(factor)));
    };
    for (auto& [part, factor] : term->parts) {
      if (factor < 0) continue;
      mlir::Value value = scaled(part, factor);
      sum = sum ? mlir::Value(arith::AddIOp::create(builder_, loc_, sum, value)) : value;
    }
    if (!sum || term->number != 0) {
      mlir::Value value = number(term->number);
      sum = sum ? mlir::Value(arith::AddIOp::create(builder_, loc_, sum, value)) : value;
    }
    for (auto& [part, factor] : term->parts) {
      if (factor > 0) continue;
      mlir::Value value = scaled(part, -factor);
      sum = arith::SubIOp::create(builder_, loc_, sum, value);
    }
    return sum;
  }

  /// Rounds down; arith.divsi rounds towards zero.
  mlir::Value makeQuotient(const Term& term) {
    mlir::Value a = write(term->a), d = write(divisorOf(term));
    mlir::Value quotient = arith::DivSIOp::create(builder_, loc_, a, d);
    if (auto low = lowerBound(term->a); low && *low >= 0) return quotient;
    // a < 0: floor(a / d) = -((d - 1 - a) / d).
    mlir::Value up = arith::SubIOp::create(builder_, loc_, write(divisorOf(term) - constant(1)), a);
    up = arith::DivSIOp::create(builder_, loc_, up, d);
    mlir::Value down = arith::SubIOp::create(builder_, loc_, number(0), up);
    mlir::Value positive =
        arith::CmpIOp::create(builder_, loc_, arith::CmpIPredicate::sge, a, number(0));
    return arith::SelectOp::create(builder_, loc_, positive, quotient, down);
  }

  mlir::Value write(const Condition& condition) {
    switch (condition->kind) {
      case ConditionKind::flag:
        return OwnOp::create(builder_, loc_, builder_.getI1Type(),
                             (tables_.flags.begin() + condition->flag)->first);
      case ConditionKind::notNegative: {
        mlir::Value value = write(condition->term);
        return arith::CmpIOp::create(builder_, loc_, arith::CmpIPredicate::sge, value, number(0));
      }
      case ConditionKind::both: {
        mlir::Value a = write(condition->a), b = write(condition->b);
        return arith::AndIOp::create(builder_, loc_, a, b);
      }
      case ConditionKind::either: {
        mlir::Value a = write(condition->a), b = write(condition->b);
        return arith::OrIOp::create(builder_, loc_, a, b);
      }
      default:
        llvm_unreachable("a range's conditions are comparisons and flags");
    }
  }
};

/// Solves the mask for both values of every flag from `next` on; in the range the flags choose.
KeyRange solve(mlir::Value visible, MaskTables& tables, size_t next) {
  if (next == tables.flags.size()) {
    MaskReader reader(tables);
    const Condition condition = reader.condition(visible);
    return keyBounds(condition, reader.indices());
  }
  auto& value = (tables.flags.begin() + next)->second;
  value = true;
  KeyRange yes = solve(visible, tables, next + 1);
  value = false;
  KeyRange no = solve(visible, tables, next + 1);
  Condition chosen = flag(static_cast<int>(next));
  return {choice(chosen, yes.begin, no.begin), choice(chosen, yes.end, no.end)};
}

struct BoundKeys : impl::BoundKeysBase<BoundKeys> {
  void runOnOperation() override { getOperation()->walk(bound); }

  static void bound(AttentionOp attention) {
    if (attention.getMask().empty() || !attention.getKeys().empty()) return;
    // In rows without a visible key, hidden keys count: rounding decides which.
    if (attention.getRule() == Rule::Additive) return;

    MaskTables read;
    attention.getMask().walk([&](OwnOp own) {
      auto type = cast<ValueType>(own.getTable().getType());
      if (type.isTruth() && type.isScalar() && read.flags.size() < maxFlags)
        read.flags.insert({own.getTable(), false});
    });
    auto visible = cast<YieldOp>(attention.getMask().front().back()).getValues()[0];
    KeyRange range = solve(visible, read, 0);
    if (isAllKeys(range) || !surelyComputable(range.begin) || !surelyComputable(range.end)) return;

    OpBuilder builder(attention.getContext());
    mlir::Type index = builder.getIndexType();
    Location loc = attention.getLoc();
    Block* keys = builder.createBlock(&attention.getKeys(), {}, {index, index}, {loc, loc});
    Writer writer(builder, loc, keys, read);
    mlir::Value begin = writer.write(range.begin), end = writer.write(range.end);
    builder.setInsertionPointToEnd(keys);
    YieldOp::create(builder, loc, ValueRange{begin, end});
    if (keys->getOperations().size() > maxOperations) keys->erase();
  }
};

}  // namespace
}  // namespace attnc::ir
