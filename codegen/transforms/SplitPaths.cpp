//===- SplitPaths.cpp - attn-split-paths ---------------------------------------===//

#include "llvm/ADT/SetVector.h"
#include "mlir/IR/IRMapping.h"
#include "transforms/Passes.h"

using namespace mlir;

namespace attnc::ir {
#define GEN_PASS_DEF_SPLITPATHS
#include "transforms/Passes.h.inc"

namespace {

/// Inputs by whose presence paths differ; each doubles the number of paths.
constexpr size_t maxConditions = 4;

/// The layer in calls that bring some of the inputs `conditions` (the bits of `given`) and leave
/// out the others.
class Calls {
 public:
  Calls(Block* body, ArrayRef<InputOp> conditions, unsigned given) : body_(body) {
    for (size_t i = 0; i < conditions.size(); ++i) {
      InputOp input = conditions[i];
      StringAttr name = input.getNameAttr();
      (given >> i & 1 ? given_ : absent_).push_back(name);
      if (!(given >> i & 1)) absentInputs_.insert(input.getResult());
    }
  }

  ArrayRef<Attribute> given() const { return given_; }
  ArrayRef<Attribute> absent() const { return absent_; }

  /// The value that `value` is in these calls, or null where it has none.
  mlir::Value resolved(mlir::Value value) {
    auto choice = value.getDefiningOp<GivenOp>();
    if (!choice) return exists(value.getDefiningOp()) ? value : mlir::Value();
    const bool there = !absentInputs_.contains(choice.getCondition());
    if (there) return resolved(choice.getThen());
    return choice.getOtherwise() ? resolved(choice.getOtherwise()) : mlir::Value();
  }

  /// Records the operations of the layer's body that `value` depends on, also through formulas.
  void need(mlir::Value value) {
    Operation* maker = value.getDefiningOp();
    if (auto input = dyn_cast<InputOp>(maker)) reads_absent_ |= absentInputs_.contains(value);
    if (isa<InputOp, WeightOp>(maker) || !needed_.insert(maker)) return;
    maker->walk([&](Operation* inner) {
      for (mlir::Value operand : inner->getOperands()) {
        Operation* source = operand.getDefiningOp();
        if (!source || source->getBlock() != body_) continue;
        if (standIn(inner)) continue;
        need(resolved(operand));
      }
    });
  }
  /// Whether an operation that is needed reads an absent input.
  bool readsAbsent() const { return reads_absent_; }

  /// Clones the operations that are needed and enters them into `mapping`. In the clones absent
  /// inputs become constants, and a softmax has the one rule of its path.
  void clone(OpBuilder& builder, IRMapping& mapping, bool withOptional) {
    for (Operation& op : *body_) {
      if (auto choice = dyn_cast<GivenOp>(op)) {
        if (mlir::Value value = resolved(choice.getResult()))
          mapping.map(choice.getResult(), mapping.lookupOrDefault(value));
        continue;
      }
      if (!needed_.contains(&op)) continue;
      Operation* made = builder.clone(op, mapping);
      made->walk([&](Operation* inner) {
        if (auto softmax = dyn_cast<SoftmaxOp>(inner)) {
          if (withOptional && softmax.getWithScores()) softmax.setRule(*softmax.getWithScores());
          softmax.removeWithScoresAttr();
        }
        TypedAttr number = standIn(inner);
        if (!number) return;
        OpBuilder inside(inner);
        auto constant = arith::ConstantOp::create(inside, inner->getLoc(), number);
        inner->replaceAllUsesWith(constant->getResults());
        inner->erase();
      });
    }
  }

 private:
  Block* body_;
  SmallVector<Attribute> given_, absent_;
  llvm::DenseSet<mlir::Value> absentInputs_;
  llvm::DenseMap<Operation*, bool> exists_;
  llvm::SetVector<Operation*> needed_;
  bool reads_absent_ = false;

  /// Whether an operation has a result in these calls: all of its operands have values.
  bool exists(Operation* maker) {
    if (!maker || isa<InputOp, WeightOp>(maker)) return true;
    if (auto known = exists_.find(maker); known != exists_.end()) return known->second;
    const bool all =
        llvm::all_of(maker->getOperands(), [&](mlir::Value v) { return bool(resolved(v)); });
    return exists_[maker] = all;
  }

  /// The constant that a formula reads in place of an absent input, or null where there is none.
  TypedAttr standIn(Operation* inner) {
    if (!isa<OwnOp, ElementOp>(inner)) return {};
    mlir::Value table = inner->getOperand(0);
    if (!absentInputs_.contains(table)) return {};
    auto type = cast<ValueType>(table.getType());
    Builder builder(inner->getContext());
    if (type.isIndex()) return builder.getI32IntegerAttr(0);
    if (type.isTruth()) return builder.getBoolAttr(!type.isScalar());
    if (table.getDefiningOp<InputOp>().getSoft())
      return builder.getFloatAttr(type.getElementType(), 1);
    return {};
  }
};

struct SplitPaths : impl::SplitPathsBase<SplitPaths> {
  void runOnOperation() override {
    Block& body = getOperation().getBody().front();
    auto all = dyn_cast<ReturnOp>(body.back());
    if (!all) return;  // split already

    SmallVector<InputOp> conditions;
    for (auto input : body.getOps<InputOp>())
      if (decides(input)) conditions.push_back(input);
    if (conditions.size() > maxConditions) {
      getOperation().emitOpError() << "attn.given: expected at most " << maxConditions
                                   << " inputs that paths differ by, got " << conditions.size();
      return signalPassFailure();
    }
    for (unsigned given = 0; given < 1u << conditions.size(); ++given) {
      const size_t made = addPath(all, conditions, given, /*withOptional=*/false, 0);
      if (llvm::is_contained(all.getOptional(), true))
        addPath(all, conditions, given, /*withOptional=*/true, made);
    }

    all.erase();
    for (Operation& op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (!isa<InputOp, WeightOp, PathOp>(op)) op.erase();
  }

  /// Whether paths differ by the input's presence: `attn.given` tests it, or it has no stand-in.
  static bool decides(InputOp input) {
    if (!input.getOptional() || input->use_empty()) return false;
    if (cast<ValueType>(input.getResult().getType()).isReal() && !input.getSoft()) return true;
    return llvm::any_of(input->getUsers(), [&](Operation* user) {
      auto choice = dyn_cast<GivenOp>(user);
      return choice && choice.getCondition() == input.getResult();
    });
  }

  /// Adds a path, unless it would have no more than `more` outputs or would read an absent input.
  /// Returns its number of outputs.
  size_t addPath(ReturnOp all, ArrayRef<InputOp> conditions, unsigned given, bool withOptional,
                 size_t more) {
    Calls calls(all->getBlock(), conditions, given);
    SmallVector<mlir::Value> values;
    SmallVector<Attribute> names, starts;
    SmallVector<bool> optional;
    std::string name;
    bool anyStarts = false;
    for (auto [i, value] : llvm::enumerate(all.getValues())) {
      mlir::Value made = calls.resolved(value);
      if (!made || (all.getOptional()[i] && !withOptional)) continue;
      values.push_back(made);
      names.push_back(all.getNames()[i]);
      optional.push_back(all.getOptional()[i]);
      starts.push_back(StringAttr::get(all.getContext(), all.startsAs(i)));
      anyStarts |= !all.startsAs(i).empty();
      if (!name.empty()) name += '_';
      name += cast<StringAttr>(all.getNames()[i]).strref();
      calls.need(made);
    }
    if (values.size() <= more || calls.readsAbsent()) return values.size();
    if (!calls.given().empty()) name += "_with";
    for (Attribute input : calls.given()) name += "_" + cast<StringAttr>(input).str();

    OpBuilder builder(all);
    auto list = [&](ArrayRef<Attribute> inputs) {
      return inputs.empty() ? ArrayAttr() : builder.getArrayAttr(inputs);
    };
    auto path = PathOp::create(builder, all.getLoc(), name, StringAttr(), 0, list(calls.given()),
                               list(calls.absent()));
    builder.createBlock(&path.getBody());
    IRMapping mapping;
    calls.clone(builder, mapping, withOptional);
    for (mlir::Value& value : values) value = mapping.lookupOrDefault(value);
    ReturnOp::create(builder, all.getLoc(), values, builder.getArrayAttr(names),
                     builder.getDenseBoolArrayAttr(optional),
                     anyStarts ? builder.getArrayAttr(starts) : ArrayAttr());
    return values.size();
  }
};

}  // namespace
}  // namespace attnc::ir
