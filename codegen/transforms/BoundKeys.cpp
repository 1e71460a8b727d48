//===- BoundKeys.cpp - attn-bound-keys -----------------------------------------===//
//
// The mask's region becomes a condition, KeyBounds solves it, and the range becomes the `keys`
// region.

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/IR/Matchers.h"
#include "transforms/KeyBounds.h"
#include "transforms/Passes.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {
#define GEN_PASS_DEF_BOUNDKEYS
#include "transforms/Passes.h.inc"

namespace {

/// Flags whose two values are told apart; each doubles the cases. Further ones may be anything.
constexpr size_t maxFlags = 4;
/// Bounds are computed once a tile. Longer ones come from masks of many alternatives, whose hull is
/// seldom narrow, and would not fit a plan's formula.
constexpr size_t maxOperations = 80;

std::optional<int64_t> constantOf(mlir::Value value) {
  APInt number;
  if (!matchPattern(value, m_ConstantInt(&number))) return std::nullopt;
  return number.getSExtValue();
}

/// What of a call stays in a range: flags, for which both values are solved, and indices.
struct Tables {
  llvm::MapVector<mlir::Value, bool> flags;
  llvm::SetVector<mlir::Value> indices;
};

/// An index for each sequence, or one for all: the same for a whole tile.
bool isIndexOfSequence(mlir::Value table) {
  auto type = cast<ValueType>(table.getType());
  return type.getElementType().isIndex() && type.count(Kind::batch) == type.getAxes().size();
}

/// A mask's region as a condition, for given values of its flags.
class Reader {
 public:
  explicit Reader(const Tables& tables) : tables_(tables) {}

  Condition condition(mlir::Value value) {
    if (auto known = conditions_.find(value); known != conditions_.end()) return known->second;
    Condition read = readCondition(value);
    return conditions_[value] = read;
  }

 private:
  const Tables& tables_;
  DenseMap<mlir::Value, Condition> conditions_;
  DenseMap<mlir::Value, Term> terms_;

  Condition readCondition(mlir::Value value) {
    if (auto number = constantOf(value)) return *number ? always() : never();
    Operation* op = value.getDefiningOp();
    if (!op) return unknown();
    return llvm::TypeSwitch<Operation*, Condition>(op)
        .Case([&](arith::AndIOp op) { return condition(op.getLhs()) & condition(op.getRhs()); })
        .Case([&](arith::OrIOp op) { return condition(op.getLhs()) | condition(op.getRhs()); })
        .Case([&](arith::XOrIOp op) {
          Condition a = condition(op.getLhs()), b = condition(op.getRhs());
          return (a & (!b)) | ((!a) & b);
        })
        .Case([&](arith::SelectOp op) {
          Condition c = condition(op.getCondition());
          return (c & condition(op.getTrueValue())) | ((!c) & condition(op.getFalseValue()));
        })
        .Case([&](arith::CmpIOp op) { return comparison(op); })
        .Case([&](OwnOp op) {
          auto flag = tables_.flags.find(op.getTable());
          return flag == tables_.flags.end() ? unknown() : flag->second ? always() : never();
        })
        .Default([](Operation*) { return unknown(); });
  }

  Condition comparison(arith::CmpIOp op) {
    if (!op.getLhs().getType().isIndex()) return unknown();
    Term a = term(op.getLhs()), b = term(op.getRhs());
    if (!a || !b) return unknown();
    switch (op.getPredicate()) {
      case arith::CmpIPredicate::sle:
        return notNegative(b - a);
      case arith::CmpIPredicate::slt:
        return notNegative(b - a - constant(1));
      case arith::CmpIPredicate::sge:
        return notNegative(a - b);
      case arith::CmpIPredicate::sgt:
        return notNegative(a - b - constant(1));
      case arith::CmpIPredicate::eq:
        return notNegative(a - b) & notNegative(b - a);
      case arith::CmpIPredicate::ne:
        return notNegative(a - b - constant(1)) | notNegative(b - a - constant(1));
      default:
        return unknown();
    }
  }

  /// Null for what is not a function of query, key and their lengths.
  Term term(mlir::Value value) {
    if (auto known = terms_.find(value); known != terms_.end()) return known->second;
    Term read = readTerm(value);
    return terms_[value] = read;
  }

  Term readTerm(mlir::Value value) {
    if (auto number = constantOf(value)) return constant(*number);
    Operation* op = value.getDefiningOp();
    if (!op) return nullptr;
    auto binary = [&](auto op, auto&& make) -> Term {
      Term a = term(op.getLhs()), b = term(op.getRhs());
      return a && b ? make(a, b) : nullptr;
    };
    auto divided = [&](auto op, Term (*make)(const Term&, int64_t), bool truncates) -> Term {
      Term a = term(op.getLhs());
      auto divisor = constantOf(op.getRhs());
      if (!a || !divisor || *divisor <= 0) return nullptr;
      // arith.divsi and remsi round towards zero: the same as down where nothing is negative.
      auto low = lowerBound(a);
      return truncates && (!low || *low < 0) ? nullptr : make(a, *divisor);
    };
    return llvm::TypeSwitch<Operation*, Term>(op)
        .Case([](PositionOp op) { return axis(op.getAxis(), TermKind::query, TermKind::key); })
        .Case([](LengthOp op) {
          return axis(op.getAxis(), TermKind::queryLength, TermKind::keyLength);
        })
        .Case([&](OwnOp op) -> Term {
          auto index = llvm::find(tables_.indices, op.getTable());
          if (index == tables_.indices.end()) return nullptr;
          return own(static_cast<int>(index - tables_.indices.begin()));
        })
        .Case([&](arith::AddIOp op) {
          return binary(op, [](const Term& a, const Term& b) { return a + b; });
        })
        .Case([&](arith::SubIOp op) {
          return binary(op, [](const Term& a, const Term& b) { return a - b; });
        })
        .Case([&](arith::MulIOp op) {
          return binary(op, [](const Term& a, const Term& b) -> Term {
            if (a->isConstant()) return b * a->number;
            return b->isConstant() ? a * b->number : nullptr;
          });
        })
        .Case([&](arith::MinSIOp op) { return binary(op, minimum); })
        .Case([&](arith::MaxSIOp op) { return binary(op, maximum); })
        .Case([&](math::AbsIOp op) -> Term {
          Term a = term(op.getOperand());
          return a ? maximum(a, a * -1) : nullptr;
        })
        .Case([&](arith::SelectOp op) -> Term {
          Term a = term(op.getTrueValue()), b = term(op.getFalseValue());
          return a && b ? choice(condition(op.getCondition()), a, b) : nullptr;
        })
        .Case([&](arith::DivSIOp op) { return divided(op, quotient, true); })
        .Case([&](arith::FloorDivSIOp op) { return divided(op, quotient, false); })
        .Case([&](arith::RemSIOp op) { return divided(op, remainder, true); })
        .Default([](Operation*) { return Term(); });
  }

  static Term axis(AxisAttr axis, TermKind query, TermKind key) {
    if (axis.getKind() == Kind::query) return atom(query);
    return axis.getKind() == Kind::key ? atom(key) : nullptr;
  }
};

/// Terms of a range as operations, each once.
class Writer {
 public:
  Writer(OpBuilder builder, Location loc, Block* keys, const Tables& tables)
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
  const Tables& tables_;
  llvm::StringMap<mlir::Value> values_;

  mlir::Value number(int64_t n) { return arith::ConstantIndexOp::create(builder_, loc_, n); }
  mlir::Value length(Kind kind) {
    return LengthOp::create(builder_, loc_, builder_.getIndexType(),
                            AxisAttr::get(builder_.getContext(), kind, 0));
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
      case TermKind::own:
        return OwnOp::create(builder_, loc_, builder_.getIndexType(),
                             tables_.indices[static_cast<size_t>(term->number)]);
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
      case TermKind::remainder:  // ranges have none: only its interval [0, d) is used
      case TermKind::query:
      case TermKind::key:
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
    mlir::Value a = write(term->a), d = number(term->number);
    mlir::Value quotient = arith::DivSIOp::create(builder_, loc_, a, d);
    if (auto low = lowerBound(term->a); low && *low >= 0) return quotient;
    // a < 0: floor(a / d) = -((d - 1 - a) / d).
    mlir::Value up = arith::SubIOp::create(builder_, loc_, number(term->number - 1), a);
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

/// Ranges for both values of every flag from `next` on, chosen by the flags.
KeyRange solve(mlir::Value visible, Tables& tables, size_t next) {
  if (next == tables.flags.size()) return keyBounds(Reader(tables).condition(visible));
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
    auto query = cast<ValueType>(attention.getQuery().getType());
    auto key = cast<ValueType>(attention.getKey().getType());
    if (query.count(Kind::query) != 1 || key.count(Kind::key) != 1) return;
    // A hidden key counts in rows without any visible one: rounding decides which.
    if (attention.getRule() == Rule::Additive) return;

    Tables read;
    attention.getMask().walk([&](OwnOp own) {
      auto type = cast<ValueType>(own.getTable().getType());
      if (isIndexOfSequence(own.getTable()))
        read.indices.insert(own.getTable());
      else if (type.isTruth() && type.isScalar() && read.flags.size() < maxFlags)
        read.flags.insert({own.getTable(), false});
    });
    auto visible = cast<YieldOp>(attention.getMask().front().back()).getValues()[0];
    KeyRange range = solve(visible, read, 0);
    if (isAllKeys(range)) return;

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
