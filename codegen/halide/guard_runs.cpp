#include "halide/guard_runs.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "halide/internal_check.h"

namespace attnc {

using namespace Halide;
using namespace Halide::Internal;

namespace {

bool walks_runs(const For* op) {
  return op->name.find(std::string(".") + runs_name) != std::string::npos;
}

/// Finds the test of a run, with the lets of the loop's body substituted, so that it makes sense
/// outside the body.
class FindTest : public IRVisitor {
 public:
  Expr test;
  bool has_loop = false;  // there is an inner loop over runs
  std::set<std::string> loops;

 private:
  using IRVisitor::visit;
  bool reads_kinds_ = false;
  std::vector<std::pair<std::string, Expr>> lets_;

  void visit(const Load* op) override {
    reads_kinds_ |= op->name.starts_with(run_kind_name);
    IRVisitor::visit(op);
  }
  void visit(const IfThenElse* op) override {
    reads_kinds_ = false;
    op->condition.accept(this);
    if (reads_kinds_ && !op->else_case.defined()) {
      test = op->condition;
      for (size_t i = lets_.size(); i-- > 0;)
        test = substitute(lets_[i].first, lets_[i].second, test);
    }
    reads_kinds_ = false;
    op->then_case.accept(this);
    if (op->else_case.defined()) op->else_case.accept(this);
  }
  void visit(const LetStmt* op) override {
    lets_.emplace_back(op->name, op->value);
    IRVisitor::visit(op);
    lets_.pop_back();
  }
  void visit(const For* op) override {
    has_loop |= walks_runs(op);
    loops.insert(op->name);
    IRVisitor::visit(op);
  }
};

}  // namespace

Stmt GuardRuns::visit(const For* op) {
  if (!walks_runs(op)) return IRMutator::visit(op);
  FindTest find;
  op->body.accept(&find);
  if (find.has_loop) return IRMutator::visit(op);
  // Without a test, the loop's bounds already leave out what does not exist.
  if (!find.test.defined()) return op;
  for (const std::string& name : find.loops)
    internal_check(!expr_uses_var(find.test, name), "the test of a run is made inside of it");
  return For::make(op->name, op->min, op->extent, op->for_type, op->partition_policy,
                   op->device_api, IfThenElse::make(find.test, op->body));
}

}  // namespace attnc
