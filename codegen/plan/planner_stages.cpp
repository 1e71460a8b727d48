#include "plan/formula_from_region.h"
#include "plan/planner.h"

using namespace mlir;
using attn::Kind;
using attn::Status;
using attn::StatusCode;

namespace attnc::planning {

// ---- projections

Status Planner::layoutFor(ir::ProjectOp project, Wanted& wants) {
  const bool heads = shapeOf(project.getResult()) == Shape::heads;
  std::optional<Layout> wanted;
  for (OpOperand* use : readersOf(project.getResult())) {
    Layout one = Layout::rows;
    if (isa<ir::AttentionOp>(use->getOwner())) {
      constexpr Layout operands[] = {Layout::query_rows, Layout::key_panels, Layout::value_rows};
      one = operands[use->getOperandNumber()];
    } else if (isa<ir::CombineOp>(use->getOwner())) {
      one = use->getOperandNumber() == 1 ? Layout::value_rows : Layout::rows;
    } else if (isa<ir::MapOp>(use->getOwner())) {
      wants.by_map |= heads;
    } else if (isa<ir::SpliceOp>(use->getOwner())) {
      wants.by_splice = true;
    }
    // Readers that want different layouts get rows, which they copy.
    if (wanted && *wanted != one && heads) wants.by_map = true, one = Layout::rows;
    wanted = one;
  }
  if (wants.by_map && wants.by_splice)
    return unsupported(project,
                       "a projection that a cache keeps and that is read in another layout too is "
                       "not compiled yet");
  wants.layout = wants.by_map ? Layout::rows : wanted.value_or(Layout::rows);
  return {};
}

bool Planner::readAsValues(ir::ProjectOp project) {
  return llvm::any_of(readersOf(project.getResult()), [](OpOperand* use) {
    auto splice = dyn_cast<ir::SpliceOp>(use->getOwner());
    return splice && use->get() == splice.getValues();
  });
}

/// The columns of a head of values: whole vectors, or the next power of two below one vector.
int Planner::paddedSize(int size) const { return roundUp(size, plan_.schedule.lanes_of(size)); }

int Planner::addPacking(const Packing& packing) {
  for (size_t i = 0; i < plan_.packings.size(); ++i)
    if (plan_.packings[i] == packing) return static_cast<int>(i);
  plan_.packings.push_back(packing);
  return static_cast<int>(plan_.packings.size()) - 1;
}

template <>
Status Planner::add(ir::ProjectOp op) {
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
    // Where a head is whole vectors, values for a cache share the packing of values for attention.
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

/// Whether a value is heads in the caller's memory: an input, or a slot of a cache.
bool Planner::isThere(Value value) {
  value = alias(value);
  return (inputs_.contains(value) && shapeOf(value) == Shape::heads) ||
         value.getDefiningOp<ir::SlotOp>();
}

/// Sets `id` to `value` in a layout that attention reads: that of a projection planned for it, or
/// heads, to which rows are copied.
Status Planner::operand(Operation* op, Value value, int& id) {
  if (shapeOf(value) != Shape::heads)
    return unsupported(op, "operation `" + shortName(op) +
                               "` over other than heads with a size is not compiled yet");
  value = alias(value);
  if (weights_.contains(value))
    return unsupported(op, "operation `" + shortName(op) + "` over a weight is not compiled yet");
  id = number(value);
  if (valueAt(id).layout != Layout::rows) return {};
  auto [copy, is_new] = copies_.try_emplace(value, -1);
  if (is_new) copy->second = addCopy(value, Shape::heads);
  id = copy->second;
  return {};
}

/// Refuses an attention, combine or map whose result goes into an operation that cannot read it.
Status Planner::checkReaders(Operation* op) {
  for (OpOperand* use : readersOf(op->getResult(0)))
    if (!isa<ir::ProjectOp, ir::MapOp, ir::ReturnOp, ir::AttentionOp, ir::CombineOp>(
            use->getOwner()))
      return unsupported(op, "operation `" + shortName(op) + "` whose result goes into `" +
                                 shortName(use->getOwner()) + "` is not compiled yet");
  return {};
}

template <>
Status Planner::add(ir::AttentionOp op) {
  if (Status s = checkReaders(op); !s.ok()) return s;
  const bool as_heads = isThere(op.getValue()) && onlyReturned(op.getResult());
  Attention stage;
  for (auto [value, id] : {std::pair(op.getQuery(), &stage.query),
                           {op.getKey(), &stage.key},
                           {op.getValue(), &stage.value}})
    if (Status s = operand(op, value, *id); !s.ok()) return s;
  stage.heads = headsOf(op.getQuery());
  stage.key_heads = headsOf(op.getKey());
  stage.key_size = sizeOf(op.getQuery());
  stage.value_size = sizeOf(op.getValue());
  stage.value_size_padded = paddedSize(stage.value_size);
  stage.scale = op.getScale().convertToDouble();
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
  if (Status s = addBlocks(op, pairs, stage); !s.ok()) return s;

  stage.result = define(op.getResult(), as_heads ? Layout::heads : Layout::rows);
  if (!as_heads) padded_[static_cast<size_t>(stage.result)] = stage.value_size_padded;
  if (op.getScores()) stage.scores = define(op.getScores(), Layout::pairs);
  stage.family = op.getScores() ? KernelFamily::with_scores : path_.family;
  path_.stages.emplace_back(std::move(stage));
  return {};
}

/// Adds the formula `blocks`, what is known about a tile and a cell, and its extremes.
Status Planner::addBlocks(ir::AttentionOp op, ir::ValueType pairs, Attention& stage) {
  std::string mistake;
  const auto reader = [&](Value table, bool at_index, std::string& why) {
    return read(table, pairs, at_index, why);
  };
  stage.blocks = formulaFromRegion(op.getBlocks(), reader, mistake, &stage.extremes);
  return mistake.empty() ? Status() : unsupported(op, mistake);
}

/// The type of scores: its axes are those that the formulas of attention are evaluated over.
ir::ValueType Planner::scoresType(ir::AttentionOp op) {
  ir::ValueType query = typeOf(op.getQuery());
  SmallVector<ir::Axis> axes = query.only({Kind::batch, Kind::head, Kind::query});
  llvm::append_range(axes, typeOf(op.getKey()).only({Kind::key}));
  return ir::ValueType::get(op.getContext(), axes, query.getElementType());
}

template <>
Status Planner::add(ir::CombineOp op) {
  const Value p = op.getProbabilities(), value = unshared(op.getValue());
  if (!inputs_.contains(p) && !p.getDefiningOp<ir::SliceHeadsOp>())
    return unsupported(op,
                       "operation `combine` is not compiled yet but of a softmax of scores, or "
                       "of probabilities that are an input or some heads of one");
  if (Status s = checkReaders(op); !s.ok()) return s;
  Combine stage;
  stage.probabilities = number(p);
  if (Status s = operand(op, value, stage.value); !s.ok()) return s;
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

template <>
Status Planner::add(ir::SpliceOp op) {
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

template <>
Status Planner::add(ir::ConcatHeadsOp op) {
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

template <>
Status Planner::add(ir::MapOp op) {
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
  // Layout heads if only attention reads the result, or only the caller; else rows.
  const auto readers = readersOf(op.getResult());
  const bool attended = llvm::all_of(
      readers, [](OpOperand* use) { return isa<ir::AttentionOp, ir::CombineOp>(use->getOwner()); });
  const bool as_heads = shape == Shape::heads && (attended || onlyReturned(op.getResult()));
  const Layout layout = shape == Shape::pairs ? Layout::pairs
                        : as_heads            ? Layout::heads
                                              : Layout::rows;
  if (Status s = checkReaders(op); !s.ok()) return s;
  Map stage;
  for (Value input : op.getInputs()) {
    const int id = number(input);
    const Layout is = valueAt(id).layout;
    const bool rows_of_heads = shape == Shape::heads && is == Layout::rows;
    if (is != layout && !(layout == Layout::heads && rows_of_heads))
      return unsupported(
          op, "operation `map` of " +
                  std::string(shape == Shape::heads ? "heads that a call brings, where its result "
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

// ---- dispatch

/// Adds the stage of an operation, or a part of a value, for which nothing is computed.
Status Planner::addStage(Operation& op) {
  if (auto project = dyn_cast<ir::ProjectOp>(op)) return add(project);
  if (auto attention = dyn_cast<ir::AttentionOp>(op)) return add(attention);
  if (auto combine = dyn_cast<ir::CombineOp>(op)) return add(combine);
  if (auto map = dyn_cast<ir::MapOp>(op)) return add(map);
  if (auto splice = dyn_cast<ir::SpliceOp>(op)) return add(splice);
  if (auto concat = dyn_cast<ir::ConcatHeadsOp>(op)) return add(concat);
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

}  // namespace attnc::planning
