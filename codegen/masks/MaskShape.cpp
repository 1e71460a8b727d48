//===- MaskShape.cpp - what a mask is, in words --------------------------------===//

#include "masks/MaskShape.h"

#include "masks/MaskReader.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attnc::ir {

namespace {

std::string numbered(const char* before, int64_t n, const char* after = "") {
  return before + std::to_string(n) + after;
}

/// Whether a term without its constant is `pattern`.
bool isSum(const Term& term, const Term& pattern) {
  return same(term - constant(constantOf(term)), pattern);
}

Term query() { return atom(TermKind::query); }
Term key() { return atom(TermKind::key); }
/// The position of the first query among the keys, where the last query is at the last key.
Term offset() { return atom(TermKind::keyLength) - atom(TermKind::queryLength); }

bool areBoth(const Term& a, const Term& b, TermKind kind) {
  return a->kind == kind && b->kind == kind;
}

/// The terms q and k of |q - k|, where k reads the key and q does not; nullopt for other terms.
std::optional<std::pair<Term, Term>> distance(const Term& term) {
  if (term->kind != TermKind::maximum || !same(term->a + term->b, constant(0))) return std::nullopt;
  const auto parts = partsOf(term->a);
  if (parts.size() != 2 || constantOf(term->a) != 0 || parts[0].second * parts[1].second != -1)
    return std::nullopt;
  const bool first = parts[0].first->hasKey;
  Term q = parts[first ? 1 : 0].first, k = parts[first ? 0 : 1].first;
  if (q->hasKey || !k->hasKey) return std::nullopt;
  return std::pair(q, k);
}

/// Whether q and k are quotients (or remainders) of the query and of the key themselves.
bool areParts(const Term& q, const Term& k, TermKind kind) {
  return areBoth(q, k, kind) && same(q->a, query()) && same(k->a, key());
}

/// term >= 0 in words, or "" where there are none.
std::string ofTerm(const Term& term) {
  const int64_t n = constantOf(term);
  for (auto [end, from] : {std::pair(constant(0), ""), {offset(), ", from the end"}}) {
    if (isSum(term, query() + end - key())) {
      if (n == 0) return *from ? "causal from the end" : "causal";
      return n > 0 ? numbered("window of ", n, " after") + from
                   : numbered("", -n, " keys back or more") + from;
    }
    if (isSum(term, key() - query() - end)) {
      if (n >= 0) return numbered("window of ", n, " before") + from;
      return numbered("", -n, " keys ahead or more") + from;
    }
    const Term ahead = query() + end - key();
    if (isSum(term, maximum(ahead, ahead * -1) * -1) && n >= 0)
      return numbered("window of ", n + 1, " to either side") + from;
  }
  if (isSum(term, key() * -1) && n >= 0) return numbered("first ", n + 1, " keys");
  const auto parts = partsOf(term);
  if (parts.size() == 1 && parts[0].second == -1 && n >= 0) {
    if (auto two = distance(parts[0].first)) {
      if (areParts(two->first, two->second, TermKind::quotient)) return numbered("rows within ", n);
      if (areParts(two->first, two->second, TermKind::remainder))
        return numbered("columns within ", n);
    }
  }
  if (parts.size() == 2 && n == -1) {
    const size_t at = parts[0].first->kind == TermKind::key ? 0 : 1;
    const auto& [k, minus] = parts[at];
    const auto& [p, plus] = parts[1 - at];
    if (same(k, key()) && minus == -1 && p->kind == TermKind::point && plus == 1) return "padding";
  }
  return "";
}

class Describer {
 public:
  std::string describe(mlir::Value visible) { return text(visible, false); }

 private:
  MaskTables tables_;
  MaskReader reader_{tables_};

  static constexpr const char* other = "formula";

  /// `negated`: the description of !value.
  std::string text(mlir::Value value, bool negated) {
    Operation* op = value.getDefiningOp();
    if (isa_and_nonnull<arith::AndIOp, arith::OrIOp>(op)) {
      const bool both = isa<arith::AndIOp>(op) != negated;
      SmallVector<std::string> parts;
      collect(value, isa<arith::AndIOp>(op), both, negated, parts);
      return joined(parts, both);
    }
    if (auto exclusive = dyn_cast_or_null<arith::XOrIOp>(op);
        exclusive && matchPattern(exclusive.getRhs(), m_One()))
      return text(exclusive.getLhs(), !negated);
    if (auto own = dyn_cast_or_null<OwnOp>(op))
      if (auto input = own.getTable().getDefiningOp<InputOp>())
        return (negated ? "!" : "") + input.getName().str();
    if (auto comparison = dyn_cast_or_null<arith::CmpIOp>(op)) return compared(comparison, negated);
    return other;
  }

  /// The distinct operands of a chain of `&` or of `|`, with chains of the other kind in
  /// parentheses.
  void collect(mlir::Value value, bool isAnd, bool both, bool negated,
               SmallVectorImpl<std::string>& parts) {
    Operation* op = value.getDefiningOp();
    if (isAnd ? isa_and_nonnull<arith::AndIOp>(op) : isa_and_nonnull<arith::OrIOp>(op)) {
      for (mlir::Value operand : op->getOperands()) collect(operand, isAnd, both, negated, parts);
      return;
    }
    std::string one = text(value, negated);
    if (StringRef(one).contains(both ? " | " : " & ")) one = "(" + one + ")";
    if (!llvm::is_contained(parts, one)) parts.push_back(std::move(one));
  }

  static std::string joined(SmallVectorImpl<std::string>& parts, bool both) {
    const bool causal = llvm::any_of(
        parts, [](const std::string& part) { return StringRef(part).starts_with("causal"); });
    std::string out;
    for (std::string& part : parts) {
      // In a disjunction with a causal mask, keys that every query sees are a prefix.
      StringRef prefix = part;
      if (causal && !both && prefix == "padding") part = "prefix";
      if (causal && !both && prefix.consume_front("first ") && prefix.consume_back(" keys"))
        part = ("prefix of " + prefix).str();
      if (!out.empty()) out += both ? " & " : " | ";
      out += part;
    }
    return out;
  }

  std::string compared(arith::CmpIOp op, bool negated) {
    const bool unequal = op.getPredicate() == arith::CmpIPredicate::ne;
    if (op.getPredicate() == arith::CmpIPredicate::eq || unequal) {
      const std::string same = equal(op);
      if (same.empty()) return other;
      return (negated != unequal ? "!" : "") + same;
    }
    const Condition condition = reader_.condition(op.getResult());
    const Condition shown = negated ? !condition : condition;
    if (shown->kind != ConditionKind::notNegative) return other;
    if (std::string said = ofTerm(shown->term); !said.empty()) return said;
    if (std::string said = ofTerm(constant(-1) - shown->term); !said.empty()) return "!" + said;
    return other;
  }

  std::string equal(arith::CmpIOp op) {
    mlir::Value a = op.getLhs(), b = op.getRhs();
    for (int turn = 0; turn < 2; ++turn, std::swap(a, b)) {
      auto rest = a.getDefiningOp<arith::RemSIOp>();
      if (!rest || Reads::constant(b) != 0) continue;
      const auto step = Reads::constant(rest.getRhs());
      Term of = reader_.term(rest.getLhs());
      if (step && of && (same(of, query() - key()) || same(of, key() - query())))
        return numbered("dilated by ", *step);
    }
    if (isSameTable(a, b)) return "same document";
    Term x = reader_.term(a), y = reader_.term(b);
    if (!x || !y) return "";
    if (x->hasKey) std::swap(x, y);
    if (same(x, query()) && same(y, key())) return "the query's own key";
    if (areParts(x, y, TermKind::quotient) && !x->b && !y->b && x->number == y->number)
      return numbered("blocks of ", x->number);
    return "";
  }

  /// Whether both read the same table, one at the query and one at the key, with all other indices
  /// equal.
  bool isSameTable(mlir::Value a, mlir::Value b) {
    auto x = a.getDefiningOp<ElementOp>(), y = b.getDefiningOp<ElementOp>();
    if (!x || !y || x.getTable() != y.getTable()) return false;
    bool differ = false;
    for (auto [i, j] : llvm::zip_equal(x.getIndices(), y.getIndices())) {
      if (i == j) continue;
      Term s = reader_.term(i), t = reader_.term(j);
      if (!s || !t) return false;
      if (same(s, t)) continue;
      if (s->hasKey) std::swap(s, t);
      if (differ || !same(s, query()) || !same(t, key())) return false;
      differ = true;
    }
    return differ;
  }
};

}  // namespace

std::string maskShape(mlir::Value visible) { return Describer().describe(visible); }

}  // namespace attnc::ir
