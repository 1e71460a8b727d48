#include "plan/from_dialect.h"

#include <bit>

#include "dialect/AttnDialect.h"
#include "plan/formula_from_region.h"

using namespace mlir;
using attn::Kind;
using attn::Status;
using attn::StatusCode;

namespace attnc {

namespace {

std::string placeOf(Location loc) {
  if (auto line = loc->findInstanceOf<FileLineColLoc>()) {
    std::string place = line.getFilename().str();
    if (line.getLine() > 0) place.append(":").append(std::to_string(line.getLine()));
    return place.append(": ");
  }
  return "";
}

ir::ValueType typeOf(Value value) { return cast<ir::ValueType>(value.getType()); }

int roundUp(int n, int to) { return (n + to - 1) / to * to; }

/// "project" of "attn.project".
std::string shortName(Operation* op) { return op->getName().stripDialect().str(); }

class Planner {
 public:
  Planner(ir::LayerOp layer, Plan& plan) : layer_(layer), plan_(plan) {}

  Status run() {
    plan_.layer = layer_.getSymName().str();
    plan_.fingerprint = static_cast<uint64_t>(layer_.getFingerprint());
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

 private:
  ir::LayerOp layer_;
  Plan& plan_;
  llvm::DenseMap<Value, int> inputs_, weights_;
  // of the path in hand
  Path path_;
  llvm::DenseMap<Value, int> values_;

  Status unsupported(Operation* op, const std::string& sentence) {
    return {StatusCode::unsupported, placeOf(op->getLoc()) + plan_.layer + ": " + sentence};
  }

  PlanTensor tensor(llvm::StringRef name, ir::ValueType type) {
    PlanTensor t{.name = name.str(), .axes = axes(type)};
    t.type = type.isTruth()                    ? attn::Type::truth
             : type.getElementType().isIndex() ? attn::Type::index
                                               : attn::Type::real;
    return t;
  }

  std::vector<PlanAxis> axes(ir::ValueType type) {
    std::vector<PlanAxis> out;
    for (const ir::Axis& a : type.getAxes()) {
      int of = -1;
      if (a.of) {
        of = static_cast<int>(plan_.inputs.size());  // an input's own feature axis
        for (size_t i = 0; i < plan_.inputs.size(); ++i)
          if (plan_.inputs[i].name == a.of.strref()) of = static_cast<int>(i);
      }
      out.push_back({a.kind, static_cast<int>(a.number), of, a.extent});
    }
    return out;
  }

  void addInput(ir::InputOp input) {
    PlanTensor t = tensor(input.getName(), typeOf(input.getResult()));
    t.optional = input.getOptional() || input.getInstead();
    if (auto instead = input.getInstead())
      for (size_t i = 0; i < plan_.inputs.size(); ++i)
        if (plan_.inputs[i].name == *instead) t.or_input = static_cast<int>(i);
    inputs_[input.getResult()] = static_cast<int>(plan_.inputs.size());
    plan_.inputs.push_back(std::move(t));
  }

  /// Those of the path that has most: paths differ in which optional ones they make.
  Status addOutputs() {
    ir::ReturnOp most;
    for (auto path : layer_.getOps<ir::PathOp>()) {
      auto one = cast<ir::ReturnOp>(path.getBody().front().back());
      if (!most || one.getValues().size() > most.getValues().size()) most = one;
    }
    if (!most)
      return {StatusCode::internal, plan_.layer + ": the layer has no paths: run the passes first"};
    for (auto [value, name, optional] :
         llvm::zip_equal(most.getValues(), most.getNames(), most.getOptional())) {
      PlanTensor t = tensor(cast<StringAttr>(name).getValue(), typeOf(value));
      t.optional = optional;
      plan_.outputs.push_back(std::move(t));
    }
    return {};
  }

  Status addPath(ir::PathOp path) {
    path_ = {};
    path_.name = path.getName().str();
    path_.most_queries = static_cast<int>(path.getMostQueries());
    values_.clear();
    for (Operation& op : path.getBody().front()) {
      Status s;
      if (auto project = dyn_cast<ir::ProjectOp>(op))
        s = addProjection(project);
      else if (auto attention = dyn_cast<ir::AttentionOp>(op))
        s = addAttention(attention);
      else if (auto outputs = dyn_cast<ir::ReturnOp>(op))
        s = addReturn(outputs);
      else
        s = unsupported(&op, "operation `" + shortName(&op) +
                                 "` is not compiled yet where it stands: " +
                                 "only projections and attention are, after the passes");
      if (!s.ok()) return s;
    }
    plan_.paths.push_back(std::move(path_));
    return {};
  }

  Status addReturn(ir::ReturnOp op) {
    for (auto [value, name] : llvm::zip_equal(op.getValues(), op.getNames())) {
      auto made = values_.find(value);
      if (made == values_.end())
        return unsupported(op, "output `" + cast<StringAttr>(name).str() +
                                   "` is an input or a weight as it came: not compiled yet");
      auto& plan_value = path_.values[static_cast<size_t>(made->second)];
      plan_value.name = cast<StringAttr>(name).str();
      for (size_t i = 0; i < plan_.outputs.size(); ++i)
        if (plan_.outputs[i].name == plan_value.name) path_.outputs.push_back(static_cast<int>(i));
      path_.output_values.push_back(made->second);
    }
    return {};
  }

  /// The number of a value, which is given to inputs when they are first read.
  int number(Value value) {
    if (auto known = values_.find(value); known != values_.end()) return known->second;
    const int input = inputs_.lookup(value);
    PlanValue v{.name = plan_.inputs[static_cast<size_t>(input)].name,
                .axes = axes(typeOf(value)),
                .input = input,
                .layout = typeOf(value).find(Kind::head) ? Layout::heads : Layout::rows};
    path_.values.push_back(std::move(v));
    return values_[value] = static_cast<int>(path_.values.size()) - 1;
  }

  int define(Value value, Layout layout) {
    const int id = static_cast<int>(path_.values.size());
    path_.values.push_back({.name = std::string("%").append(std::to_string(id)),
                            .axes = axes(typeOf(value)),
                            .input = -1,
                            .layout = layout});
    return values_[value] = id;
  }

  /// [batch, positions, head, size]: heads as a caller has them.
  static bool isHeads(ir::ValueType type) {
    const auto axes = type.getAxes();
    return axes.size() == 4 && axes[0].kind == Kind::batch &&
           (axes[1].kind == Kind::query || axes[1].kind == Kind::key) &&
           axes[2].kind == Kind::head && axes[3].kind == Kind::size;
  }

  /// One batch and one sequence axis, the first of each: what kernels loop over.
  Status checkPositions(Operation* op, Value value) {
    ir::ValueType type = typeOf(value);
    const auto positions = type.only({Kind::query, Kind::key});
    if (type.count(Kind::batch) == 1 && positions.size() == 1 && positions[0].number == 0 &&
        type.find(Kind::batch))
      return {};
    return unsupported(
        op, "operation `" + shortName(op) +
                "` over other than one batch axis and one sequence axis is not compiled yet");
  }

  /// How a projection's result lies: as its readers want it.
  Status layoutFor(ir::ProjectOp project, Layout& layout) {
    std::optional<Layout> wanted;
    for (OpOperand& use : project->getUses()) {
      Layout one = Layout::rows;
      if (auto attention = dyn_cast<ir::AttentionOp>(use.getOwner())) {
        if (use.get() == attention.getQuery() && use.getOperandNumber() == 0)
          one = Layout::query_rows;
        if (use.getOperandNumber() == 1) one = Layout::key_panels;
        if (use.getOperandNumber() == 2) one = Layout::value_rows;
      }
      if (wanted && *wanted != one)
        return unsupported(project, "one projection read in two layouts is not compiled yet");
      wanted = one;
    }
    layout = wanted.value_or(Layout::rows);
    return {};
  }

  /// Columns that a head of the values takes: whole vectors, or a power of two below one.
  int paddedSize(int size) const {
    const int lanes =
        std::min(plan_.schedule.vector, static_cast<int>(std::bit_ceil(unsigned(size))));
    return roundUp(size, lanes);
  }

  int addPacking(const Packing& packing) {
    for (size_t i = 0; i < plan_.packings.size(); ++i)
      if (plan_.packings[i] == packing) return static_cast<int>(i);
    plan_.packings.push_back(packing);
    return static_cast<int>(plan_.packings.size()) - 1;
  }

  Status addProjection(ir::ProjectOp op) {
    if (Status s = checkPositions(op, op.getX()); !s.ok()) return s;
    if (!values_.contains(op.getX()) && !inputs_.contains(op.getX()))
      return unsupported(op, "a projection of a weight is not compiled yet");
    if (inputs_.contains(op.getX()) && typeOf(op.getX()).find(Kind::head))
      return unsupported(op, "a projection of an input that comes as heads is not compiled yet");
    if (!weights_.contains(op.getKernel()) || (op.getBias() && !weights_.contains(op.getBias())))
      return unsupported(op, "a projection by a value that is no weight is not compiled yet");
    Layout layout = Layout::rows;
    if (Status s = layoutFor(op, layout); !s.ok()) return s;

    ir::ValueType x = typeOf(op.getX()), kernel = typeOf(op.getKernel());
    const unsigned contracted = op.contracted();
    const auto rows = kernel.getAxes().take_front(contracted),
               made = kernel.getAxes().drop_front(contracted);
    if (llvm::ArrayRef(x.only({Kind::head, Kind::size, Kind::feature})) != rows)
      return unsupported(op, "a projection of some of its operand's axes is not compiled yet");

    Projection stage;
    Packing packing{.contracted = static_cast<int>(contracted),
                    .panel_width = plan_.schedule.vector * plan_.schedule.tile_vectors,
                    .scale = op.getScale().convertToFloat()};
    stage.x = number(op.getX());
    if (op.getX().getDefiningOp<ir::AttentionOp>()) {
      packing.row_block = static_cast<int>(x.extent(Kind::size));
      packing.row_block_padded = paddedSize(packing.row_block);
    }
    const bool makes_heads =
        made.size() == 2 && made[0].kind == Kind::head && made[1].kind == Kind::size;
    if (makes_heads) {
      stage.heads = static_cast<int>(made[0].extent);
      stage.head_size = stage.head_size_padded = static_cast<int>(made[1].extent);
      if (layout == Layout::value_rows) {
        stage.head_size_padded = paddedSize(stage.head_size);
        packing.column_block = stage.head_size;
        packing.column_block_padded = stage.head_size_padded;
      }
    } else if (layout != Layout::rows ||
               llvm::any_of(made, [](const ir::Axis& a) { return a.kind != Kind::feature; })) {
      return unsupported(
          op, "a projection to other than heads with a size, or features, is not compiled yet");
    }
    packing.weight = weights_.lookup(op.getKernel());
    stage.kernel = addPacking(packing);
    if (op.getBias()) {
      Packing bias = packing;
      bias.weight = weights_.lookup(op.getBias());
      bias.vector = true;
      bias.contracted = bias.row_block = bias.row_block_padded = 0;
      stage.bias = addPacking(bias);
    }
    stage.result = define(op.getResult(), layout);
    path_.stages.emplace_back(stage);
    return {};
  }

  /// Query, key and value are projections to heads, or all three inputs that come as heads.
  Status checkOperands(ir::AttentionOp op, bool& as_heads) {
    int projections = 0, inputs = 0;
    for (Value operand : {op.getQuery(), op.getKey(), op.getValue()}) {
      if (Status s = checkPositions(op, operand); !s.ok()) return s;
      ir::ValueType type = typeOf(operand);
      const bool input = inputs_.contains(operand);
      if (!type.find(Kind::head) || (!input && !operand.getDefiningOp<ir::ProjectOp>()))
        return unsupported(op,
                           "attention over what is neither a projection to heads nor an input "
                           "of heads is not compiled yet");
      if (input && !isHeads(type))
        return unsupported(op,
                           "attention over an input whose axes are in another order than "
                           "batch, position, head, size is not compiled yet");
      (input ? inputs : projections) += 1;
    }
    as_heads = inputs > 0;
    if (inputs == 0 || projections == 0) return {};
    return unsupported(op,
                       "attention over heads of which some are projected here and others come "
                       "as inputs is not compiled yet: project all of them or none");
  }

  /// Projected heads go into a projection again; heads that came as they are leave so.
  Status checkReaders(ir::AttentionOp op, bool as_heads) {
    for (Operation* user : op.getResult().getUsers()) {
      auto project = dyn_cast<ir::ProjectOp>(user);
      if (as_heads && !isa<ir::ReturnOp>(user))
        return unsupported(op,
                           "attention over inputs of heads whose result is no output is not "
                           "compiled yet");
      if (!as_heads && (!project || project.getX() != op.getResult()))
        return unsupported(op,
                           "attention over projections whose result goes elsewhere than into a "
                           "projection is not compiled yet");
    }
    if (as_heads && !isHeads(typeOf(op.getResult())))
      return unsupported(op,
                         "attention whose result has its axes in another order than batch, "
                         "query, head, size is not compiled yet");
    return {};
  }

  Status addAttention(ir::AttentionOp op) {
    bool as_heads = false;
    if (Status s = checkOperands(op, as_heads); !s.ok()) return s;
    if (Status s = checkReaders(op, as_heads); !s.ok()) return s;
    ir::ValueType query = typeOf(op.getQuery()), value = typeOf(op.getValue());
    Attention stage;
    stage.query = number(op.getQuery());
    stage.key = number(op.getKey());
    stage.value = number(op.getValue());
    stage.heads = static_cast<int>(query.extent(Kind::head));
    stage.key_heads = static_cast<int>(typeOf(op.getKey()).extent(Kind::head));
    stage.key_size = static_cast<int>(query.extent(Kind::size));
    stage.value_size = static_cast<int>(value.extent(Kind::size));
    stage.value_size_padded = as_heads ? stage.value_size : paddedSize(stage.value_size);
    stage.scale = op.getScale().convertToFloat();
    stage.rule =
        op.getRule() == ir::Rule::Zero ? attn::FullyMasked::zero : attn::FullyMasked::uniform;

    std::string mistake;
    auto input = [&](Value v) {
      auto known = inputs_.find(v);
      return known == inputs_.end() ? -1 : known->second;
    };
    stage.mask = formulaFromRegion(op.getMask(), input, mistake);
    if (mistake.empty()) stage.keys = formulaFromRegion(op.getKeys(), input, mistake);
    if (!mistake.empty()) return unsupported(op, mistake);
    // Elsewhere than in masks, tables that a formula reads are not there yet.
    for (const attn::Step& s : stage.mask.steps)
      if (s.fn == attn::Fn::element || (s.fn == attn::Fn::own && s.type != attn::Type::truth))
        return unsupported(
            op, "a mask that reads a table of numbers, or at an index, is not compiled yet");

    stage.result = define(op.getResult(), as_heads ? Layout::heads : Layout::rows);
    if (op.getScores()) stage.scores = define(op.getScores(), Layout::rows);
    path_.stages.emplace_back(std::move(stage));
    return {};
  }
};

}  // namespace

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
  if (Status s = Planner(layers[0], plan).run(); !s.ok()) return s;
  return plan;
}

}  // namespace attnc
