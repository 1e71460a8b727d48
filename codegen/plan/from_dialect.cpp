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

/// Heads, of which values without a head axis have one.
int headsOf(Value value) { return std::max(1, static_cast<int>(typeOf(value).extent(Kind::head))); }
int sizeOf(Value value) { return static_cast<int>(typeOf(value).extent(Kind::size)); }

/// What other operations only say how to count: the value that is read.
Value alias(Value value) {
  if (auto keys = value.getDefiningOp<ir::AsKeysOp>()) return alias(keys.getX());
  return value;
}
/// The same, for who reads heads that several others share.
Value unshared(Value value) {
  value = alias(value);
  if (auto share = value.getDefiningOp<ir::ShareHeadsOp>()) return unshared(share.getX());
  return value;
}

/// Every place where a value is read, through operations that only say how to count.
void collectReaders(Value value, SmallVectorImpl<OpOperand*>& readers) {
  for (OpOperand& use : value.getUses()) {
    if (isa<ir::AsKeysOp, ir::ShareHeadsOp>(use.getOwner()))
      collectReaders(use.getOwner()->getResult(0), readers);
    else
      readers.push_back(&use);
  }
}
SmallVector<OpOperand*> readersOf(Value value) {
  SmallVector<OpOperand*> readers;
  collectReaders(value, readers);
  return readers;
}
bool onlyReturned(Value value) {
  const auto readers = readersOf(value);
  return readers.size() == 1 && isa<ir::ReturnOp>(readers[0]->getOwner());
}

/// What a value's elements are told apart by.
enum class Shape { features, heads, pairs, cache, other };
Shape shapeOf(Value value) {
  ir::ValueType type = typeOf(value);
  if (type.find(Kind::slot)) return Shape::cache;
  if (type.find(Kind::query) && type.find(Kind::key)) return Shape::pairs;
  if (type.find(Kind::size)) return Shape::heads;
  if (type.find(Kind::feature)) return Shape::features;
  return Shape::other;
}

class Planner {
 public:
  Planner(ir::LayerOp layer, Plan& plan) : layer_(layer), plan_(plan) {}

  Status run() {
    plan_.layer = layer_.getSymName().str();
    plan_.fingerprint = static_cast<uint64_t>(layer_.getFingerprint());
    for (size_t i = 0; i < attn::policy_names.size(); ++i)
      if (layer_.getDtype() == llvm::StringRef(attn::policy_names[i]))
        plan_.dtype = static_cast<attn::DTypePolicy>(i);
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
  std::vector<int> padded_;  // of values that are rows of heads: the columns of each; else 0
  std::vector<bool> is_output_;

  Status unsupported(Operation* op, const std::string& sentence) {
    return {StatusCode::unsupported, placeOf(op->getLoc()) + plan_.layer + ": " + sentence};
  }

  // ---- the interface

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
        of = inputNamed(a.of.strref());
        if (of < 0) of = static_cast<int>(plan_.inputs.size());  // an input's own feature axis
      }
      out.push_back({a.kind, static_cast<int>(a.number), of, a.extent});
    }
    return out;
  }
  int inputNamed(llvm::StringRef name) const {
    for (size_t i = 0; i < plan_.inputs.size(); ++i)
      if (plan_.inputs[i].name == name) return static_cast<int>(i);
    return -1;
  }
  int outputNamed(llvm::StringRef name) const {
    for (size_t i = 0; i < plan_.outputs.size(); ++i)
      if (plan_.outputs[i].name == name) return static_cast<int>(i);
    return -1;
  }

  void addInput(ir::InputOp input) {
    PlanTensor t = tensor(input.getName(), typeOf(input.getResult()));
    t.optional = input.getOptional() || input.getInstead();
    t.soft = input.getSoft();
    t.reading = static_cast<uint8_t>(input.getReading());
    t.table = isTable(input);
    if (auto instead = input.getInstead()) t.or_input = inputNamed(*instead);
    inputs_[input.getResult()] = static_cast<int>(plan_.inputs.size());
    plan_.inputs.push_back(std::move(t));
  }

  /// Whether formulas read it at indices, or it is one real number that they read.
  static bool isTable(ir::InputOp input) {
    const ir::ValueType type = typeOf(input.getResult());
    const bool number = type.isScalar() && type.getElementType().isFloat() && !input.getSoft();
    return llvm::any_of(input.getResult().getUsers(), [&](Operation* user) {
      return isa<ir::ElementOp>(user) || (number && isa<ir::OwnOp>(user));
    });
  }

  /// Those of all paths, each after those that stand before it in one of them: the one that makes
  /// most comes first.
  Status addOutputs() {
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

  Status addPath(ir::PathOp path) {
    path_ = {};
    path_.name = path.getName().str();
    path_.most_queries = static_cast<int>(path.getMostQueries());
    const auto numbers = [&](std::optional<ArrayAttr> names, std::vector<int>& out) {
      if (!names) return;
      for (StringAttr name : names->getAsRange<StringAttr>())
        out.push_back(inputNamed(name.getValue()));
    };
    numbers(path.getGiven(), path_.given);
    numbers(path.getAbsent(), path_.absent);
    values_.clear(), padded_.clear(), is_output_.clear();
    for (Operation& op : path.getBody().front())
      if (Status s = addOperation(op); !s.ok()) return s;
    plan_.paths.push_back(std::move(path_));
    return {};
  }

  Status addOperation(Operation& op) {
    if (auto project = dyn_cast<ir::ProjectOp>(op)) return addProjection(project);
    if (auto attention = dyn_cast<ir::AttentionOp>(op)) return addAttention(attention);
    if (auto combine = dyn_cast<ir::CombineOp>(op)) return addCombine(combine);
    if (auto map = dyn_cast<ir::MapOp>(op)) return addMap(map);
    if (auto splice = dyn_cast<ir::SpliceOp>(op)) return addSplice(splice);
    if (auto concat = dyn_cast<ir::ConcatHeadsOp>(op)) return addConcat(concat);
    if (auto slot = dyn_cast<ir::SlotOp>(op)) return addSlot(slot);
    if (auto slice = dyn_cast<ir::SliceHeadsOp>(op)) return addSlice(slice);
    if (auto outputs = dyn_cast<ir::ReturnOp>(op)) return addReturn(outputs);
    if (isa<ir::AsKeysOp>(op)) return {};
    const auto reads = [](OpOperand* use) { return isa<ir::CombineOp>(use->getOwner()); };
    if (isa<ir::ShareHeadsOp>(op) && llvm::all_of(readersOf(op.getResult(0)), reads)) return {};
    return unsupported(&op, "operation `" + shortName(&op) +
                                "` is not compiled yet where it stands: scores and softmax are as "
                                "parts of attention, shared heads where it reads them");
  }

  Status addReturn(ir::ReturnOp op) {
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

  /// A value as it is, at another place: an identity map.
  int addCopy(Value value, Shape shape) {
    Map stage{.inputs = {number(value)}};
    stage.formula.steps.push_back({.fn = attn::Fn::argument, .type = attn::Type::real});
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
    values_[value] = known;  // readers take the value itself
    path_.stages.emplace_back(stage);
    return stage.result;
  }

  // ---- values

  const PlanValue& valueAt(int id) const { return path_.values[static_cast<size_t>(id)]; }
  int paddingOf(int id) const { return padded_[static_cast<size_t>(id)]; }

  int addValue(PlanValue value) {
    path_.values.push_back(std::move(value));
    padded_.push_back(0);
    is_output_.push_back(false);
    return static_cast<int>(path_.values.size()) - 1;
  }

  /// The number of a value, which is given to inputs when they are first read.
  int number(Value value) {
    value = alias(value);
    if (auto known = values_.find(value); known != values_.end()) return known->second;
    const int input = inputs_.lookup(value);
    const Shape shape = shapeOf(value);
    return values_[value] = addValue({.name = plan_.inputs[static_cast<size_t>(input)].name,
                                      .axes = axes(typeOf(value)),
                                      .input = input,
                                      .layout = shape == Shape::heads   ? Layout::heads
                                                : shape == Shape::pairs ? Layout::pairs
                                                : shape == Shape::cache ? Layout::cache
                                                                        : Layout::rows});
  }

  int define(Value value, Layout layout) {
    const int id = static_cast<int>(path_.values.size());
    return values_[value] = addValue({.name = std::string("%").append(std::to_string(id)),
                                      .axes = axes(typeOf(value)),
                                      .input = -1,
                                      .layout = layout});
  }

  Status addSlot(ir::SlotOp op) {
    const Value cache = alias(op.getCache());
    if (!inputs_.contains(cache) && !cache.getDefiningOp<ir::SpliceOp>())
      return unsupported(op, "a slot of what is no cache that a call brings is not compiled yet");
    const int of = number(cache);
    const int id = define(op.getResult(), Layout::heads);
    path_.values[static_cast<size_t>(id)].of = of;
    path_.values[static_cast<size_t>(id)].slot = static_cast<int>(op.getWhich());
    return {};
  }

  Status addSlice(ir::SliceHeadsOp op) {
    if (!inputs_.contains(op.getX()) || shapeOf(op.getX()) != Shape::pairs)
      return unsupported(op,
                         "operation `slice_heads` is not compiled yet but of an input of scores");
    const int of = number(op.getX());
    const int id = define(op.getResult(), Layout::pairs);
    path_.values[static_cast<size_t>(id)].of = of;
    path_.values[static_cast<size_t>(id)].first_head = static_cast<int>(op.getFrom());
    return {};
  }

  // ---- formulas

  /// What a formula reads: masks, soft masks and indices where it stands, tables and weights
  /// anywhere.
  std::optional<uint64_t> read(Value table, ir::ValueType where, bool at_index,
                               std::string& mistake) {
    const auto refuse = [&](const std::string& name, const std::string& what) {
      mistake = "a formula that reads `" + name + "`" + what + " is not compiled yet";
      return std::nullopt;
    };
    if (auto weight = weights_.find(table); weight != weights_.end()) {
      const PlanTensor& t = plan_.weights[static_cast<size_t>(weight->second)];
      for (const PlanAxis& a : t.axes) {
        if (!a.extent) return refuse(t.name, ", a weight whose size its file says,");
        if ((a.kind == Kind::query || a.kind == Kind::key) && where.count(a.kind) > 1 &&
            isReadInPlace(table))
          return refuse(t.name, std::string(", a weight along one of several ") +
                                    attn::kind_names[static_cast<size_t>(a.kind)] + " axes,");
      }
      return read_packing(addPacking({.weight = weight->second, .vector = true, .panel_width = 1}));
    }
    auto input = inputs_.find(table);
    if (input == inputs_.end()) {
      mistake = "a formula that reads a value of the graph is not compiled yet";
      return std::nullopt;
    }
    const PlanTensor& t = plan_.inputs[static_cast<size_t>(input->second)];
    if (t.table) {
      for (OpOperand& use : table.getUses())
        if (!isa<ir::ElementOp>(use.getOwner()) && !t.axes.empty())
          return refuse(t.name, ", a table that is read at indices and is more than that,");
      if (t.or_input >= 0) return refuse(t.name, ", a table with a stand-in,");
      return read_input(input->second);
    }
    if (t.type == attn::Type::real && !t.soft)
      return refuse(t.name, ", numbers of the call that are no soft mask,");
    ir::ValueType type = typeOf(table);
    if (t.type == attn::Type::index && type.count(Kind::batch) != type.getAxes().size())
      return refuse(t.name, ", indices along other axes than the batch,");
    for (Kind kind : {Kind::query, Kind::key})
      if (type.count(kind) != 0 && type.count(kind) != where.count(kind))
        return refuse(t.name, std::string(", a mask along one of several ") +
                                  attn::kind_names[static_cast<size_t>(kind)] + " axes,");
    return read_input(input->second);
  }

  static bool isReadInPlace(Value table) {
    return llvm::any_of(table.getUsers(), [](Operation* user) { return isa<ir::OwnOp>(user); });
  }

  Status formula(Operation* op, Region& region, ir::ValueType where, PlanFormula& out) {
    std::string mistake;
    const auto reader = [&](Value table, bool at_index, std::string& why) {
      return read(table, where, at_index, why);
    };
    out = formulaFromRegion(region, reader, mistake);
    // Several axes of one kind are one to kernels; attn-form-attention told queries and keys so.
    const bool attention = isa<ir::AttentionOp>(op);
    for (const attn::Step& s : out.steps) {
      if (s.fn != attn::Fn::position && s.fn != attn::Fn::length) continue;
      const auto kind = static_cast<Kind>(s.bits / 16);
      if (attention && (kind == Kind::query || kind == Kind::key)) continue;
      if (where.count(kind) > 1 && mistake.empty())
        mistake = std::string(
                      "a formula that reads a position or a length, where there are "
                      "several ") +
                  attn::kind_names[static_cast<size_t>(kind)] + " axes, is not compiled yet";
    }
    return mistake.empty() ? Status() : unsupported(op, mistake);
  }

  // ---- projections

  /// How a projection's result lies: as its readers want it.
  struct Wanted {
    Layout layout = Layout::rows;
    bool by_map =
        false;  // over heads, each of which takes as many columns as in attention's result
    bool by_splice = false;  // as it is
  };
  Status layoutFor(ir::ProjectOp project, Wanted& wants) {
    std::optional<Layout> wanted;
    for (OpOperand* use : readersOf(project.getResult())) {
      Layout one = Layout::rows;
      if (isa<ir::AttentionOp>(use->getOwner())) {
        constexpr Layout operands[] = {Layout::query_rows, Layout::key_panels, Layout::value_rows};
        one = operands[use->getOperandNumber()];
      } else if (isa<ir::CombineOp>(use->getOwner())) {
        one = use->getOperandNumber() == 1 ? Layout::value_rows : Layout::rows;
      } else if (isa<ir::MapOp>(use->getOwner())) {
        wants.by_map |= shapeOf(project.getResult()) == Shape::heads;
      } else if (isa<ir::SpliceOp>(use->getOwner())) {
        wants.by_splice = true;
      }
      if (wanted && *wanted != one)
        return unsupported(project, "one projection read in two layouts is not compiled yet");
      wanted = one;
    }
    if (wants.by_map && wants.by_splice)
      return unsupported(project, "one projection read in two layouts is not compiled yet");
    wants.layout = wanted.value_or(Layout::rows);
    return {};
  }

  static bool readAsValues(ir::ProjectOp project) {
    return llvm::any_of(readersOf(project.getResult()), [](OpOperand* use) {
      auto splice = dyn_cast<ir::SpliceOp>(use->getOwner());
      return splice && use->get() == splice.getValues();
    });
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
    const Value from = alias(op.getX());
    if (weights_.contains(from))
      return unsupported(op, "a projection of a weight is not compiled yet");
    if (inputs_.contains(from) && shapeOf(from) != Shape::features)
      return unsupported(op, "a projection of an input that comes as heads is not compiled yet");
    if (!weights_.contains(op.getKernel()) || (op.getBias() && !weights_.contains(op.getBias())))
      return unsupported(op, "a projection by a value that is no weight is not compiled yet");
    if (!inputs_.contains(from) && valueAt(number(from)).layout != Layout::rows)
      return unsupported(op, "a projection of scores, or of heads of a cache, is not compiled yet");
    Wanted wants;
    if (Status s = layoutFor(op, wants); !s.ok()) return s;

    ir::ValueType x = typeOf(from), kernel = typeOf(op.getKernel());
    const unsigned contracted = op.contracted();
    const auto rows = kernel.getAxes().take_front(contracted),
               made = kernel.getAxes().drop_front(contracted);
    if (llvm::ArrayRef(x.only({Kind::head, Kind::size, Kind::feature})) != rows)
      return unsupported(op, "a projection of some of its operand's axes is not compiled yet");

    Projection stage;
    Packing packing{.contracted = static_cast<int>(contracted),
                    .panel_width = plan_.schedule.vector * plan_.schedule.tile_vectors,
                    .scale = op.getScale().convertToDouble()};
    stage.x = number(from);
    if (const int padded = paddingOf(stage.x)) {
      packing.row_block = sizeOf(from);
      packing.row_block_padded = padded;
    }
    const bool makes_heads =
        made.size() == 2 && made[0].kind == Kind::head && made[1].kind == Kind::size;
    if (makes_heads) {
      stage.heads = static_cast<int>(made[0].extent);
      stage.head_size = stage.head_size_padded = static_cast<int>(made[1].extent);
      if (wants.layout == Layout::value_rows || wants.by_map) {
        stage.head_size_padded = paddedSize(stage.head_size);
        packing.column_block = stage.head_size;
        packing.column_block_padded = stage.head_size_padded;
      }
      // Where whole heads are whole vectors, what a cache keeps is packed as what attention reads.
      if (wants.by_splice && readAsValues(op) && paddedSize(stage.head_size) == stage.head_size)
        packing.column_block = packing.column_block_padded = stage.head_size;
    } else if (wants.layout != Layout::rows ||
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
    stage.result = define(op.getResult(), wants.layout);
    if (wants.by_map) padded_[static_cast<size_t>(stage.result)] = stage.head_size_padded;
    path_.stages.emplace_back(stage);
    return {};
  }

  // ---- attention

  /// Whether a value is heads where the caller has them: an input, or a slot of a cache.
  bool isThere(Value value) {
    value = alias(value);
    return (inputs_.contains(value) && shapeOf(value) == Shape::heads) ||
           value.getDefiningOp<ir::SlotOp>();
  }

  /// Keys and values are projections to heads, or heads as the caller has them; the query is like
  /// them, or a projection.
  Status checkOperands(ir::AttentionOp op) {
    for (Value operand : {op.getQuery(), op.getKey(), op.getValue()}) {
      const bool projected =
          alias(operand).getDefiningOp<ir::ProjectOp>() && shapeOf(operand) == Shape::heads;
      if (!projected && !isThere(operand))
        return unsupported(op,
                           "attention over what is neither a projection to heads nor an input "
                           "of heads is not compiled yet");
    }
    if (isThere(op.getKey()) != isThere(op.getValue()) ||
        (isThere(op.getQuery()) && !isThere(op.getKey())))
      return unsupported(op,
                         "attention over heads of which some are projected here and others come "
                         "as inputs is not compiled yet: project keys and values, or neither; and "
                         "the query, or none");
    return {};
  }

  /// Rows of heads, as attention makes them, go into a projection, a map or an output.
  Status checkReaders(Operation* op) {
    for (OpOperand* use : readersOf(op->getResult(0)))
      if (!isa<ir::ProjectOp, ir::MapOp, ir::ReturnOp>(use->getOwner()))
        return unsupported(op, "operation `" + shortName(op) + "` whose result goes into `" +
                                   shortName(use->getOwner()) + "` is not compiled yet");
    return {};
  }

  Status addAttention(ir::AttentionOp op) {
    if (Status s = checkOperands(op); !s.ok()) return s;
    if (Status s = checkReaders(op); !s.ok()) return s;
    const bool as_heads = isThere(op.getValue()) && onlyReturned(op.getResult());
    Attention stage;
    stage.query = number(op.getQuery());
    stage.key = number(op.getKey());
    stage.value = number(op.getValue());
    stage.heads = headsOf(op.getQuery());
    stage.key_heads = headsOf(op.getKey());
    stage.key_size = sizeOf(op.getQuery());
    stage.value_size = sizeOf(op.getValue());
    stage.value_size_padded = as_heads ? stage.value_size : paddedSize(stage.value_size);
    stage.scale = op.getScale().convertToDouble();
    stage.natural = op.getNatural();
    stage.rule = op.getRule() == ir::Rule::Zero       ? attn::FullyMasked::zero
                 : op.getRule() == ir::Rule::Additive ? attn::FullyMasked::additive
                                                      : attn::FullyMasked::uniform;

    stage.sigmoid = op.getSigmoid();
    stage.shape = op.getShape().value_or("").str();

    const ir::ValueType pairs = scoresType(op);
    for (auto [region, out] : {std::pair(&op.getPair(), &stage.pair),
                               {&op.getScore(), &stage.score},
                               {&op.getMask(), &stage.mask},
                               {&op.getKeys(), &stage.keys},
                               {&op.getSink(), &stage.sink}})
      if (Status s = formula(op, *region, pairs, *out); !s.ok()) return s;
    addBlocks(op, pairs, stage);

    stage.result = define(op.getResult(), as_heads ? Layout::heads : Layout::rows);
    if (!as_heads) padded_[static_cast<size_t>(stage.result)] = stage.value_size_padded;
    if (op.getScores()) stage.scores = define(op.getScores(), Layout::pairs);
    path_.stages.emplace_back(std::move(stage));
    return {};
  }

  /// What is known of tiles and cells; where it would not fit a plan's formula, nothing is.
  void addBlocks(ir::AttentionOp op, ir::ValueType pairs, Attention& stage) {
    std::string mistake;
    const auto reader = [&](Value table, bool at_index, std::string& why) {
      return read(table, pairs, at_index, why);
    };
    stage.blocks = formulaFromRegion(op.getBlocks(), reader, mistake, &stage.extremes);
    if (stage.blocks.empty()) stage.extremes.clear();
  }

  /// The axes that formulas of attention are over.
  static ir::ValueType scoresType(ir::AttentionOp op) {
    ir::ValueType query = typeOf(op.getQuery());
    SmallVector<ir::Axis> axes = query.only({Kind::batch, Kind::head, Kind::query});
    llvm::append_range(axes, typeOf(op.getKey()).only({Kind::key}));
    return ir::ValueType::get(op.getContext(), axes, query.getElementType());
  }

  Status addCombine(ir::CombineOp op) {
    const Value p = op.getProbabilities(), value = unshared(op.getValue());
    if (!inputs_.contains(p) && !p.getDefiningOp<ir::SliceHeadsOp>())
      return unsupported(op,
                         "operation `combine` is not compiled yet but of a softmax of scores, or "
                         "of probabilities that are an input or some heads of one");
    const bool projected = value.getDefiningOp<ir::ProjectOp>() && shapeOf(value) == Shape::heads;
    if (!projected && !isThere(value))
      return unsupported(op,
                         "operation `combine` over values that are neither a projection to heads "
                         "nor an input of heads is not compiled yet");
    if (Status s = checkReaders(op); !s.ok()) return s;
    Combine stage;
    stage.probabilities = number(p);
    stage.value = number(value);
    stage.heads = headsOf(p);
    stage.value_heads = headsOf(value);
    stage.value_size = sizeOf(value);
    stage.value_size_padded = paddedSize(stage.value_size);
    stage.result = define(op.getResult(), Layout::rows);
    padded_[static_cast<size_t>(stage.result)] = stage.value_size_padded;
    path_.stages.emplace_back(stage);
    return {};
  }

  // ---- caches and joined heads

  Status addSplice(ir::SpliceOp op) {
    if (!inputs_.contains(op.getCache()))
      return unsupported(op, "a cache that is written and is no input is not compiled yet");
    if (!inputs_.contains(op.getIndex()))
      return unsupported(op, "a cache written at an index that is no input is not compiled yet");
    int outputs = 0;
    for (OpOperand* use : readersOf(op.getResult())) {
      if (auto made = dyn_cast<ir::ReturnOp>(use->getOwner())) {
        auto input = op.getCache().getDefiningOp<ir::InputOp>();
        outputs += made.startsAs(use->getOperandNumber()) == input.getName();
      }
    }
    if (outputs != 1)
      return unsupported(op,
                         "a cache that is written and is not the one output that starts as it is "
                         "not compiled yet");
    for (Value rows : {op.getKeys(), op.getValues()})
      if (!rows.getDefiningOp<ir::ProjectOp>())
        return unsupported(op,
                           "a cache that is written with other than projections to heads is not "
                           "compiled yet");
    Splice stage;
    stage.cache = number(op.getCache());
    stage.keys = number(op.getKeys());
    stage.values = number(op.getValues());
    stage.at = inputs_.lookup(op.getIndex());
    stage.heads = headsOf(op.getCache());
    stage.size = sizeOf(op.getCache());
    stage.result = define(op.getResult(), Layout::cache);
    path_.stages.emplace_back(stage);
    return {};
  }

  Status addConcat(ir::ConcatHeadsOp op) {
    auto attention = op.getFirst().getDefiningOp<ir::AttentionOp>();
    const bool made = attention && op.getFirst() == attention.getScores() &&
                      llvm::hasSingleElement(op.getFirst().getUses());
    const Value second = op.getSecond();
    const bool given = (inputs_.contains(second) && shapeOf(second) == Shape::pairs) ||
                       second.getDefiningOp<ir::SliceHeadsOp>();
    if (!made || !given || !onlyReturned(op.getResult()))
      return unsupported(op,
                         "operation `concat_heads` is not compiled yet but of attention scores and "
                         "an input of such, as an output");
    ConcatHeads stage;
    stage.first = number(op.getFirst());
    stage.second = number(second);
    stage.result = define(op.getResult(), Layout::pairs);
    path_.stages.emplace_back(stage);
    return {};
  }

  // ---- elementwise

  Status addMap(ir::MapOp op) {
    const Shape shape = shapeOf(op.getResult());
    const ir::ValueType type = typeOf(op.getResult());
    if (shape == Shape::other || shape == Shape::cache)
      return unsupported(op,
                         "operation `map` of other than features, heads with a size, or scores is "
                         "not compiled yet");
    for (Value input : op.getInputs()) {
      if (typeOf(input).getAxes().size() != type.getAxes().size())
        return unsupported(op,
                           "operation `map` of values of which one has fewer axes is not compiled "
                           "yet");
      if (weights_.contains(input))
        return unsupported(op, "operation `map` of a weight is not compiled yet");
    }
    // Rows that are read again, or what the caller gets.
    const bool returned = onlyReturned(op.getResult());
    const Layout layout = shape == Shape::pairs               ? Layout::pairs
                          : shape == Shape::heads && returned ? Layout::heads
                                                              : Layout::rows;
    for (OpOperand* use : readersOf(op.getResult()))
      if (!isa<ir::ProjectOp, ir::MapOp, ir::ReturnOp>(use->getOwner()))
        return unsupported(op, "operation `map` whose result goes into `" +
                                   shortName(use->getOwner()) + "` is not compiled yet");
    Map stage;
    for (Value input : op.getInputs()) {
      const int id = number(input);
      const Layout is = valueAt(id).layout;
      const bool rows_of_heads = shape == Shape::heads && is == Layout::rows;
      if (is != layout && !(layout == Layout::heads && rows_of_heads))
        return unsupported(op, "operation `map` of " +
                                   std::string(shape == Shape::heads
                                                   ? "heads that a call brings, where its result "
                                                     "is no output,"
                                                   : "what attention reads too") +
                                   " is not compiled yet");
      stage.inputs.push_back(id);
    }
    if (Status s = formula(op, op.getFormula(), type, stage.formula); !s.ok()) return s;
    if (shape == Shape::heads) {
      stage.heads = headsOf(op.getResult());
      stage.head_size = sizeOf(op.getResult());
      stage.head_size_padded = paddedSize(stage.head_size);
    }
    stage.result = define(op.getResult(), layout);
    if (shape == Shape::heads && layout == Layout::rows)
      padded_[static_cast<size_t>(stage.result)] = stage.head_size_padded;
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
