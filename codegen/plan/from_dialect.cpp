#include "plan/from_dialect.h"

#include "plan/planner.h"

using namespace mlir;
using attn::Kind;
using attn::Status;
using attn::StatusCode;

namespace attnc::planning {

/// float32 where the layer names no policy.
static attn::DTypePolicy policyOf(ir::LayerOp layer) {
  for (size_t i = 0; i < attn::policy_names.size(); ++i)
    if (layer.getDtype() == llvm::StringRef(attn::policy_names[i]))
      return static_cast<attn::DTypePolicy>(i);
  return attn::DTypePolicy::float32;
}

Status Planner::run() {
  plan_.layer = layer_.getSymName().str();
  plan_.fingerprint = static_cast<uint64_t>(layer_.getFingerprint());
  plan_.dtype = policyOf(layer_);
  for (auto input : layer_.getOps<ir::InputOp>()) addInput(input);
  for (auto weight : layer_.getOps<ir::WeightOp>()) {
    weights_[weight.getResult()] = static_cast<int>(plan_.weights.size());
    plan_.weights.push_back(tensor(weight.getName(), typeOf(weight.getResult())));
  }
  if (Status s = addOutputs(); !s.ok()) return s;
  for (auto path : layer_.getOps<ir::PathOp>())
    if (Status s = addPath(path); !s.ok()) return s;
  return {};
}

Status Planner::unsupported(Operation* op, const std::string& sentence) {
  return {StatusCode::unsupported, placeOf(op->getLoc()) + plan_.layer + ": " + sentence};
}

// ---- the interface

PlanTensor Planner::tensor(llvm::StringRef name, ir::ValueType type) {
  PlanTensor t{.name = name.str(), .axes = axes(type)};
  t.type = type.isTruth()   ? attn::Type::truth
           : type.isIndex() ? attn::Type::index
                            : attn::Type::real;
  return t;
}

std::vector<PlanAxis> Planner::axes(ir::ValueType type) {
  std::vector<PlanAxis> out;
  for (const ir::Axis& a : type.getAxes()) {
    int of = -1;
    if (a.of) {
      of = inputNamed(a.of.strref());
      if (of < 0) of = static_cast<int>(plan_.inputs.size());  // the axis of the input being added
    }
    out.push_back({a.kind, static_cast<int>(a.number), of, a.extent});
  }
  return out;
}
int Planner::inputNamed(llvm::StringRef name) const {
  for (size_t i = 0; i < plan_.inputs.size(); ++i)
    if (plan_.inputs[i].name == name) return static_cast<int>(i);
  return -1;
}
int Planner::outputNamed(llvm::StringRef name) const {
  for (size_t i = 0; i < plan_.outputs.size(); ++i)
    if (plan_.outputs[i].name == name) return static_cast<int>(i);
  return -1;
}

void Planner::addInput(ir::InputOp input) {
  PlanTensor t = tensor(input.getName(), typeOf(input.getResult()));
  t.optional = input.getOptional() || input.getInstead();
  t.soft = input.getSoft();
  t.reading = static_cast<uint8_t>(input.getReading());
  t.table = isTable(input);
  for (PlanAxis& a : t.axes)
    if (a.kind == Kind::head && a.extent == 0) a.least = leastHeads(input);
  if (auto instead = input.getInstead()) t.or_input = inputNamed(*instead);
  inputs_[input.getResult()] = static_cast<int>(plan_.inputs.size());
  plan_.inputs.push_back(std::move(t));
}

/// Whether formulas read an input at indices, or it is a single real number that they read.
bool Planner::isTable(ir::InputOp input) {
  const ir::ValueType type = typeOf(input.getResult());
  const bool number = type.isScalar() && type.getElementType().isFloat() && !input.getSoft();
  return llvm::any_of(input.getResult().getUsers(), [&](Operation* user) {
    return isa<ir::ElementOp>(user) || (number && isa<ir::OwnOp>(user));
  });
}

/// The least number of heads of an input that a call may bring: slices of it reach that far.
int64_t Planner::leastHeads(ir::InputOp input) {
  int64_t least = 0;
  for (Operation* user : input.getResult().getUsers())
    if (auto slice = dyn_cast<ir::SliceHeadsOp>(user))
      least = std::max(least, slice.getFrom() + typeOf(slice.getResult()).extent(Kind::head));
  return least;
}

/// The outputs of all paths, visited by falling number of outputs. A new output is placed after the
/// one that precedes it in its path.
Status Planner::addOutputs() {
  SmallVector<ir::ReturnOp> returns;
  for (auto path : layer_.getOps<ir::PathOp>())
    returns.push_back(cast<ir::ReturnOp>(path.getBody().front().back()));
  llvm::stable_sort(returns, [](ir::ReturnOp a, ir::ReturnOp b) {
    return a.getValues().size() > b.getValues().size();
  });
  for (ir::ReturnOp made : returns) {
    size_t place = 0;
    for (auto [i, value] : llvm::enumerate(made.getValues())) {
      const auto name = cast<StringAttr>(made.getNames()[i]).getValue();
      if (const int known = outputNamed(name); known >= 0) {
        place = static_cast<size_t>(known) + 1;
        continue;
      }
      PlanTensor t = tensor(name, typeOf(value));
      t.optional = made.getOptional()[i];
      t.starts_as = inputNamed(made.startsAs(static_cast<unsigned>(i)));
      plan_.outputs.insert(plan_.outputs.begin() + static_cast<std::ptrdiff_t>(place++),
                           std::move(t));
    }
  }
  if (!plan_.outputs.empty()) return {};
  return {StatusCode::internal, plan_.layer + ": the layer has no paths: run the passes first"};
}

// ---- a path

Status Planner::addPath(ir::PathOp path) {
  path_ = {};
  path_.name = path.getName().str();
  path_.most_queries = static_cast<int>(path.getMostQueries());
  if (path.getPhase() == "decode") path_.family = KernelFamily::decode;
  if (path.getPhase() == "few") {
    path_.family = KernelFamily::few;
    path_.most_queries = std::min(path_.most_queries, plan_.schedule.few_queries);
    if (path_.most_queries < 2) return {};
  }
  const auto numbers = [&](std::optional<ArrayAttr> names, std::vector<int>& out) {
    if (!names) return;
    for (StringAttr name : names->getAsRange<StringAttr>())
      out.push_back(inputNamed(name.getValue()));
  };
  numbers(path.getGiven(), path_.given);
  numbers(path.getAbsent(), path_.absent);
  values_.clear(), copies_.clear(), padded_.clear(), is_output_.clear();
  for (Operation& op : path.getBody().front())
    if (Status s = addOperation(op); !s.ok()) return s;
  plan_.paths.push_back(std::move(path_));
  return {};
}

Status Planner::addOperation(Operation& op) {
  for (Value read : op.getOperands()) {
    read = unshared(read);
    if (!inputs_.contains(read) && !weights_.contains(read) && !values_.contains(read))
      return unsupported(&op, "operation `" + shortName(&op) +
                                  "` reads a value that no stage makes: not compiled yet");
  }
  return addStage(op);
}

Status Planner::addReturn(ir::ReturnOp op) {
  for (auto [returned, attr] : llvm::zip_equal(op.getValues(), op.getNames())) {
    const std::string name = cast<StringAttr>(attr).str();
    const Value value = alias(returned);
    if (weights_.contains(value))
      return unsupported(op, "output `" + name + "` is a weight as it came: not compiled yet");
    const Shape shape = shapeOf(value);
    if (shape == Shape::other || (shape == Shape::cache && inputs_.contains(value)))
      return unsupported(op, "output `" + name +
                                 "` is neither features nor heads nor scores that the path "
                                 "makes: not compiled yet");
    int id = number(value);
    const bool rows_of_heads = shape == Shape::heads && valueAt(id).layout != Layout::heads;
    if (valueAt(id).input >= 0 || valueAt(id).of >= 0 || is_output_[static_cast<size_t>(id)] ||
        rows_of_heads)
      id = addCopy(value, shape);
    is_output_[static_cast<size_t>(id)] = true;
    path_.values[static_cast<size_t>(id)].name = name;
    path_.outputs.push_back(outputNamed(name));
    path_.output_values.push_back(id);
  }
  return {};
}

/// Adds a copy of a value: an identity map.
int Planner::addCopy(Value value, Shape shape) {
  Map stage{.inputs = {number(value)}};
  stage.formula.steps.push_back({.fn = attn::Fn::argument, .type = PlanType::real});
  stage.formula.results.push_back(0);
  if (shape == Shape::heads) {
    const int padded = paddingOf(stage.inputs[0]);
    stage.heads = headsOf(value), stage.head_size = sizeOf(value);
    stage.head_size_padded = padded ? padded : stage.head_size;
  }
  const int known = values_.lookup(value);
  stage.result = define(value, shape == Shape::heads   ? Layout::heads
                               : shape == Shape::pairs ? Layout::pairs
                                                       : Layout::rows);
  values_[value] = known;  // other readers keep reading the original
  path_.stages.emplace_back(stage);
  return stage.result;
}

}  // namespace attnc::planning

namespace attnc {

Work workOf(ModuleOp module) {
  Work work;
  module.walk([&](ir::LayerOp layer) { work.dtype = planning::policyOf(layer); });
  module.walk([&](ir::AttentionOp attention) {
    work.key_size = planning::sizeOf(attention.getQuery());
    work.value_size = planning::sizeOf(attention.getValue());
    return WalkResult::interrupt();
  });
  return work;
}

attn::Result<Plan> planFromModule(ModuleOp module, std::string_view library,
                                  std::string_view target, const Schedule& schedule) {
  auto layers = llvm::to_vector(module.getOps<ir::LayerOp>());
  if (layers.size() != 1)
    return Status(StatusCode::internal,
                  "a plan is of one layer, and the module has " + std::to_string(layers.size()));
  Plan plan;
  plan.library = library;
  plan.target = target;
  plan.schedule = schedule;
  if (Status s = planning::Planner(layers[0], plan).run(); !s.ok()) return s;
  return plan;
}

}  // namespace attnc
