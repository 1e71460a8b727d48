//===- MaskReader.cpp - a mask's region as a condition over terms ---------------===//

#include "masks/MaskReader.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {

namespace {

std::optional<int64_t> constantOf(mlir::Value value) { return Reads::constant(value); }

Term axis(AxisAttr axis, TermKind query, TermKind key) {
  if (axis.getKind() == Kind::query) return atom(query);
  return axis.getKind() == Kind::key ? atom(key) : nullptr;
}

}  // namespace

Condition MaskReader::condition(mlir::Value value) {
  if (auto known = conditions_.find(value); known != conditions_.end()) return known->second;
  Condition read = readCondition(value);
  return conditions_[value] = read;
}

Term MaskReader::term(mlir::Value value) {
  if (auto known = terms_.find(value); known != terms_.end()) return known->second;
  Term read = readTerm(value);
  if (read && read->kind == TermKind::unknown) read = nullptr;
  if (!read && reads_.axes(value) == Axes::none) {
    tables_.points.insert(value);
    const auto at = llvm::find(tables_.points, value) - tables_.points.begin();
    read = point(static_cast<int>(at), Reads::isPositive(value));
  }
  return terms_[value] = read;
}

Term MaskReader::whole(mlir::Value index) {
  Term out = term(index);
  if (out && !surelyIndex(out) &&
      llvm::none_of(indices_, [&](const Term& known) { return same(known, out); }))
    indices_.push_back(out);
  return out;
}

Term MaskReader::divided(Operation* op, Term (*make)(const Term&, const Term&), bool truncates) {
  Term a = whole(op->getOperand(0)), d = whole(op->getOperand(1));
  if (!a || !d || !Reads::isPositive(op->getOperand(1))) return nullptr;
  if (!d->isConstant() && (d->kind != TermKind::point || !d->positive)) return nullptr;
  // arith.divsi and arith.remsi round towards zero: the same as down where nothing is negative.
  auto low = lowerBound(a);
  return truncates && (!low || *low < 0) ? nullptr : make(a, d);
}

Condition MaskReader::readCondition(mlir::Value value) {
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

Condition MaskReader::comparison(arith::CmpIOp op) {
  if (!isIndex(op.getLhs())) return unknown();
  Term a = whole(op.getLhs()), b = whole(op.getRhs());
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

Term MaskReader::readTerm(mlir::Value value) {
  if (auto number = constantOf(value)) return constant(*number);
  Operation* op = value.getDefiningOp();
  if (!op) return nullptr;
  auto binary = [&](auto op, auto&& make) -> Term {
    Term a = term(op.getLhs()), b = term(op.getRhs());
    return a && b ? make(a, b) : nullptr;
  };
  auto extreme = [&](auto op, auto&& make) -> Term {
    Term a = whole(op.getLhs()), b = whole(op.getRhs());
    return a && b ? make(a, b) : nullptr;
  };
  return llvm::TypeSwitch<Operation*, Term>(op)
      .Case([](PositionOp op) { return axis(op.getAxis(), TermKind::query, TermKind::key); })
      .Case([](LengthOp op) -> Term {
        if (op.getAxis().getNumber() != 0) return nullptr;
        return axis(op.getAxis(), TermKind::queryLength, TermKind::keyLength);
      })
      .Case([&](arith::AddIOp op) {
        return binary(op, [](const Term& a, const Term& b) { return a + b; });
      })
      .Case([&](arith::SubIOp op) {
        return binary(op, [](const Term& a, const Term& b) { return a - b; });
      })
      .Case([&](arith::MulIOp op) -> Term {
        if (reads_.axes(op.getResult()) == Axes::none) return nullptr;  // the product is a point
        return binary(op, [](const Term& a, const Term& b) -> Term {
          if (a->isConstant()) return b * a->number;
          if (b->isConstant()) return a * b->number;
          if (b->kind == TermKind::point && b->positive) return product(a, b);
          return a->kind == TermKind::point && a->positive ? product(b, a) : nullptr;
        });
      })
      .Case([&](arith::MinSIOp op) { return extreme(op, minimum); })
      .Case([&](arith::MaxSIOp op) { return extreme(op, maximum); })
      .Case([&](math::AbsIOp op) -> Term {
        Term a = whole(op.getOperand());
        return a ? maximum(a, a * -1) : nullptr;
      })
      .Case([&](arith::SelectOp op) -> Term {
        Term a = whole(op.getTrueValue()), b = whole(op.getFalseValue());
        return a && b ? choice(condition(op.getCondition()), a, b) : nullptr;
      })
      .Case([&](arith::DivSIOp op) { return divided(op, quotient, true); })
      .Case([&](arith::FloorDivSIOp op) { return divided(op, quotient, false); })
      .Case([&](arith::RemSIOp op) { return divided(op, remainder, true); })
      .Default([](Operation*) { return Term(); });
}

}  // namespace attnc::ir
