//===- VerifyStructure.cpp - layers, inputs, paths, outputs ---------------------===//

#include "dialect/Verify.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using attn::Kind;

namespace attnc::ir {

mlir::Type LayerOp::realType() {
  if (getDtype() == StringRef("float64")) return Float64Type::get(getContext());
  return Float32Type::get(getContext());
}

LogicalResult LayerOp::verify() {
  if (!getDtype() || llvm::is_contained(attn::policy_names, *getDtype())) return success();
  return emitOpError() << "'dtype': expected a policy such as \"mixed_bfloat16\", got \""
                       << *getDtype() << "\"";
}

/// All real numbers of a layer must have one type.
static LogicalResult verifyReals(LayerOp layer) {
  const mlir::Type expected = layer.realType();
  WalkResult walked = layer.walk([&](Operation* op) {
    for (OpResult result : op->getResults()) {
      mlir::Type type = result.getType();
      if (auto value = dyn_cast<ValueType>(type)) type = value.getElementType();
      if (!type.isFloat() || type == expected) continue;
      op->emitOpError() << "expected real numbers of " << expected << " in a layer of dtype "
                        << layer.getDtype().value_or("float32") << ", got " << type;
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

LogicalResult LayerOp::verifyRegions() {
  llvm::StringSet<> inputs, weights, paths;
  bool returns = false;
  for (Operation& op : getBody().front()) {
    if (auto input = dyn_cast<InputOp>(op)) {
      if (std::optional<StringRef> instead = input.getInstead();
          instead && !inputs.contains(*instead))
        return input.emitOpError() << "'or': expected an earlier input, got \"" << *instead << "\"";
      if (!inputs.insert(input.getName()).second)
        return input.emitOpError()
               << "'name': expected it once a layer, got \"" << input.getName() << "\" twice";
    } else if (auto weight = dyn_cast<WeightOp>(op)) {
      if (!weights.insert(weight.getName()).second)
        return weight.emitOpError()
               << "'name': expected it once a layer, got \"" << weight.getName() << "\" twice";
    } else if (auto path = dyn_cast<PathOp>(op)) {
      if (!isa<ReturnOp>(path.getBody().front().back()))
        return path.emitOpError() << "expected attn.return at its end, got "
                                  << path.getBody().front().back().getName();
      if (!paths.insert(path.getName()).second)
        return path.emitOpError() << "'name': expected it once a layer, got \"" << path.getName()
                                  << "\" twice";
    } else if (isa<ReturnOp>(op)) {
      returns = true;
    }
  }
  if (returns == !paths.empty())
    return emitOpError() << "expected either attn.return or paths, got "
                         << (returns ? "both" : "neither");
  return verifyReals(*this);
}

/// The layer's input of this name, or null.
static InputOp inputOf(Operation* op, StringRef name) {
  auto layer = op->getParentOfType<LayerOp>();
  for (auto input : layer.getBody().front().getOps<InputOp>())
    if (input.getName() == name) return input;
  return {};
}

LogicalResult InputOp::verify() {
  if (getOptional() && getInstead())
    return emitOpError() << "expected 'optional' or 'or', got both";
  ValueType type = typeOf(getResult());
  if (getSoft() && (!getOptional() || !type.isReal() || type.isScalar()))
    return emitOpError() << "'soft': expected an optional mask of real numbers, got "
                         << (getOptional() ? "" : "one that is not optional, ") << type;
  if (getReading() != 0 && (!type.isTruth() || type.isScalar()))
    return emitOpError() << "'reading': expected a mask of truths, got " << type;
  if (getReading() < 0 || getReading() >= attn::num_readings)
    return emitOpError() << "'reading': expected a number below " << attn::num_readings << ", got "
                         << getReading();
  if (const Axis* heads = type.find(Kind::head); heads && heads->extent == 0)
    for (Operation* user : getResult().getUsers())
      if (!isa<SliceHeadsOp>(user))
        return emitOpError() << "of any number of heads: expected 'attn.slice_heads' alone to read "
                                "it, got '"
                             << user->getName() << "'";
  return success();
}

LogicalResult PathOp::verify() {
  const int32_t most = getMostQueries();
  if (most < 0)
    return emitOpError() << "'most_queries': expected at least 1, or none of it, got " << most;
  if (getPhase().has_value() != (most > 0))
    return emitOpError() << "expected 'phase' and 'most_queries' together, got "
                         << (most > 0 ? "'most_queries'" : "'phase'") << " alone";
  llvm::StringSet<> seen;
  for (std::optional<ArrayAttr> list : {getGiven(), getAbsent()}) {
    if (!list) continue;
    const char* which = list == getGiven() ? "given" : "absent";
    for (StringAttr name : list->getAsRange<StringAttr>()) {
      InputOp input = inputOf(*this, name);
      if (!input || !input.getOptional())
        return emitOpError() << "'" << which << "': expected an optional input of the layer, got "
                             << name;
      if (!seen.insert(name).second)
        return emitOpError() << "expected an input given or absent, got " << name << " twice";
    }
  }
  return success();
}

StringRef ReturnOp::startsAs(unsigned i) {
  return getStartsAs() ? cast<StringAttr>((*getStartsAs())[i]).getValue() : StringRef();
}

LogicalResult ReturnOp::verify() {
  if (getNames().size() != getValues().size() || getOptional().size() != getValues().size())
    return emitOpError() << "expected " << getValues().size() << " names, got "
                         << getNames().size();
  if (getValues().empty()) return emitOpError() << "expected at least one output, got none";
  if (!getStartsAs()) return success();
  if (getStartsAs()->size() != getValues().size())
    return emitOpError() << "expected " << getValues().size() << " inputs to start as, got "
                         << getStartsAs()->size();
  for (auto [i, value] : llvm::enumerate(getValues())) {
    if (startsAs(i).empty()) continue;
    InputOp input = inputOf(*this, startsAs(i));
    if (!input)
      return emitOpError() << "'starts_as': expected an input of the layer, got \"" << startsAs(i)
                           << "\"";
    if (input.getResult().getType() != value.getType())
      return emitOpError() << "'starts_as': expected an input of " << value.getType() << ", got "
                           << input.getResult().getType();
  }
  return success();
}

}  // namespace attnc::ir
