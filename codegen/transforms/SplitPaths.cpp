//===- SplitPaths.cpp - attn-split-paths ---------------------------------------===//

#include "llvm/ADT/SetVector.h"
#include "mlir/IR/IRMapping.h"
#include "transforms/Passes.h"

using namespace mlir;

namespace attnc::ir {
#define GEN_PASS_DEF_SPLITPATHS
#include "transforms/Passes.h.inc"

namespace {

/// All that `op` and its regions read and that operations of the layer's body make.
void collect(Operation* op, Block* body, llvm::SetVector<Operation*>& needed) {
  op->walk([&](Operation* inner) {
    for (mlir::Value operand : inner->getOperands()) {
      Operation* maker = operand.getDefiningOp();
      if (!maker || maker->getBlock() != body || isa<InputOp, WeightOp>(maker)) continue;
      if (needed.insert(maker)) collect(maker, body, needed);
    }
  });
}

struct SplitPaths : impl::SplitPathsBase<SplitPaths> {
  void runOnOperation() override {
    Block& body = getOperation().getBody().front();
    auto all = dyn_cast<ReturnOp>(body.back());
    if (!all) return;  // split already

    addPath(all, /*withOptional=*/false);
    if (llvm::is_contained(all.getOptional(), true)) addPath(all, /*withOptional=*/true);

    all.erase();
    for (Operation& op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (!isa<InputOp, WeightOp, PathOp>(op)) op.erase();
  }

  void addPath(ReturnOp all, bool withOptional) {
    Block* body = all->getBlock();
    SmallVector<mlir::Value> values;
    SmallVector<Attribute> names;
    SmallVector<bool> optional;
    std::string name;
    llvm::SetVector<Operation*> needed;
    for (auto [value, output, asked] :
         llvm::zip_equal(all.getValues(), all.getNames(), all.getOptional())) {
      if (asked && !withOptional) continue;
      values.push_back(value);
      names.push_back(output);
      optional.push_back(asked);
      if (!name.empty()) name += '_';
      name += cast<StringAttr>(output).strref();
      Operation* maker = value.getDefiningOp();
      if (maker && !isa<InputOp, WeightOp>(maker) && needed.insert(maker))
        collect(maker, body, needed);
    }
    if (values.empty()) return;  // every output is optional

    OpBuilder builder(all);
    auto path = PathOp::create(builder, all.getLoc(), name, StringAttr(), 0);
    builder.createBlock(&path.getBody());
    IRMapping mapping;
    for (Operation& op : *body) {
      if (!needed.contains(&op)) continue;
      Operation* clone = builder.clone(op, mapping);
      clone->walk([&](SoftmaxOp softmax) {
        if (withOptional && softmax.getWithScores()) softmax.setRule(*softmax.getWithScores());
        softmax.removeWithScoresAttr();
      });
    }
    for (mlir::Value& value : values) value = mapping.lookupOrDefault(value);
    ReturnOp::create(builder, all.getLoc(), values, builder.getArrayAttr(names),
                     builder.getDenseBoolArrayAttr(optional));
  }
};

}  // namespace
}  // namespace attnc::ir
