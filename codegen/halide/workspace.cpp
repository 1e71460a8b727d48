#include "halide/workspace.h"

#include <map>
#include <sstream>

#include "halide/internal_check.h"

namespace attnc {

using namespace Halide;
using namespace Halide::Internal;

namespace {

const Expr none = make_zero(Int(64));

struct Bytes {
  Expr call = none, worker = none;
};

Bytes largest(const Bytes& a, const Bytes& b) {
  return {simplify(max(a.call, b.call)), simplify(max(a.worker, b.worker))};
}

class Reader : public IRVisitor {
 public:
  Bytes of(const Stmt& s) {
    bytes_ = {};
    if (s.defined()) s.accept(this);
    return bytes_;
  }

 private:
  using IRVisitor::visit;

  /// An upper bound of an integer expression over all enclosing loops.
  Expr at_most(const Expr& e, const std::string& allocation) const {
    const Interval range = bounds_of_expr_in_scope(e, scope_);
    std::ostringstream text;
    text << "the allocation of " << allocation << " has no upper bound: " << e;
    internal_check(range.has_upper_bound(), text.str());
    return simplify(range.max);
  }

  void visit(const Allocate* op) override {
    Expr size = make_const(Int(64), op->type.bytes());
    for (const Expr& extent : op->extents)
      size = size * max(cast<int64_t>(at_most(extent, op->name)), 0);
    Bytes inner = of(op->body);
    inner.call = simplify(inner.call + size + make_const(Int(64), allocation_overhead));
    bytes_ = inner;
  }
  void visit(const For* op) override {
    const Interval low = bounds_of_expr_in_scope(op->min, scope_);
    const Interval high = bounds_of_expr_in_scope(op->min + op->extent - 1, scope_);
    ScopedBinding<Interval> bind(scope_, op->name, Interval(low.min, high.max));
    Bytes inner = of(op->body);
    if (op->for_type == ForType::Parallel) inner = {none, simplify(inner.call + inner.worker)};
    bytes_ = inner;
  }
  void visit(const LetStmt* op) override {
    // A value without bounds comes from the call's buffers (extents, strides); it stays a variable.
    const Interval range = bounds_of_expr_in_scope(op->value, scope_);
    const bool known = range.has_upper_bound() || range.has_lower_bound();
    ScopedBinding<Interval> bind(known, scope_, op->name, range);
    bytes_ = of(op->body);
  }
  void visit(const Block* op) override {
    const Bytes first = of(op->first);
    bytes_ = largest(first, of(op->rest));
  }
  void visit(const Fork* op) override {
    const Bytes first = of(op->first), rest = of(op->rest);
    bytes_ = {simplify(first.call + rest.call), simplify(first.worker + rest.worker)};
  }
  void visit(const IfThenElse* op) override {
    const Bytes then = of(op->then_case);
    bytes_ = largest(then, of(op->else_case));
  }
  void visit(const ProducerConsumer* op) override { bytes_ = of(op->body); }

  Bytes bytes_;
  Scope<Interval> scope_;
};

class OverBuffers : public IRMutator {
 public:
  explicit OverBuffers(const std::vector<ImageParam>& buffers) {
    for (const ImageParam& b : buffers) {
      for (int d = 0; d < b.dimensions(); ++d) {
        const std::string n = "." + std::to_string(d);
        with_[b.name() + ".min" + n] = b.dim(d).min();
        with_[b.name() + ".extent" + n] = b.dim(d).extent();
        with_[b.name() + ".stride" + n] = b.dim(d).stride();
      }
    }
  }

 private:
  using IRMutator::visit;
  Expr visit(const Variable* op) override {
    const auto found = with_.find(op->name);
    return found == with_.end() ? Expr(op) : found->second;
  }
  std::map<std::string, Expr> with_;
};

}  // namespace

Stmt AllocationReader::mutate(const Stmt& body) {
  const Bytes bytes = Reader().of(body);
  call_bytes_ = bytes.call, worker_bytes_ = bytes.worker;
  return body;
}

Expr over_buffers(const Expr& e, const std::vector<ImageParam>& buffers) {
  return OverBuffers(buffers).mutate(e);
}

}  // namespace attnc
