#include "plan/formula_from_region.h"
#include "plan/planner.h"

using namespace mlir;
using attn::Kind;
using attn::Status;
using attn::StatusCode;

namespace attnc::planning {

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

std::string shortName(Operation* op) { return op->getName().stripDialect().str(); }

int headsOf(Value value) { return std::max(1, static_cast<int>(typeOf(value).extent(Kind::head))); }
int sizeOf(Value value) { return static_cast<int>(typeOf(value).extent(Kind::size)); }

Value alias(Value value) {
  if (auto keys = value.getDefiningOp<ir::AsKeysOp>()) return alias(keys.getX());
  return value;
}
Value unshared(Value value) {
  value = alias(value);
  if (auto share = value.getDefiningOp<ir::ShareHeadsOp>()) return unshared(share.getX());
  return value;
}

/// Every use of a value, including those through operations that only change how it is indexed.
static void collectReaders(Value value, SmallVectorImpl<OpOperand*>& readers) {
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

Shape shapeOf(Value value) {
  ir::ValueType type = typeOf(value);
  if (type.find(Kind::slot)) return Shape::cache;
  if (type.find(Kind::query) && type.find(Kind::key)) return Shape::pairs;
  if (type.find(Kind::size)) return Shape::heads;
  if (type.find(Kind::feature)) return Shape::features;
  return Shape::other;
}

// ---- values

int Planner::addValue(PlanValue value) {
  path_.values.push_back(std::move(value));
  padded_.push_back(0);
  is_output_.push_back(false);
  return static_cast<int>(path_.values.size()) - 1;
}

/// The number of a value; inputs get theirs when they are first read.
int Planner::number(Value value) {
  value = alias(value);
  if (auto known = values_.find(value); known != values_.end()) return known->second;
  assert(inputs_.contains(value) && "addOperation lets only known values pass");
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

int Planner::define(Value value, Layout layout) {
  const int id = static_cast<int>(path_.values.size());
  return values_[value] = addValue({.name = std::string("%").append(std::to_string(id)),
                                    .axes = axes(typeOf(value)),
                                    .input = -1,
                                    .layout = layout});
}

Status Planner::addSlot(ir::SlotOp op) {
  const Value cache = alias(op.getCache());
  if (!inputs_.contains(cache) && !cache.getDefiningOp<ir::SpliceOp>())
    return unsupported(op, "a slot of what is no cache that a call brings is not compiled yet");
  const int of = number(cache);
  const int id = define(op.getResult(), Layout::heads);
  path_.values[static_cast<size_t>(id)].of = of;
  path_.values[static_cast<size_t>(id)].slot = static_cast<int>(op.getWhich());
  return {};
}

Status Planner::addSlice(ir::SliceHeadsOp op) {
  if (!inputs_.contains(op.getX()) || shapeOf(op.getX()) != Shape::pairs)
    return unsupported(op, "operation `slice_heads` is not compiled yet but of an input of scores");
  const int of = number(op.getX());
  const int id = define(op.getResult(), Layout::pairs);
  path_.values[static_cast<size_t>(id)].of = of;
  path_.values[static_cast<size_t>(id)].first_head = static_cast<int>(op.getFrom());
  return {};
}

// ---- formulas

/// The bits of a step that reads `table`, if formulas may read it: masks, soft masks and indices at
/// the formula's own position, tables and weights anywhere.
std::optional<uint64_t> Planner::read(Value table, ir::ValueType where, bool at_index,
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

bool Planner::isReadInPlace(Value table) {
  return llvm::any_of(table.getUsers(), [](Operation* user) { return isa<ir::OwnOp>(user); });
}

Status Planner::formula(Operation* op, Region& region, ir::ValueType where, PlanFormula& out) {
  std::string mistake;
  const auto reader = [&](Value table, bool at_index, std::string& why) {
    return read(table, where, at_index, why);
  };
  out = formulaFromRegion(region, reader, mistake);
  // To kernels, several axes of one kind are one. attn-form-attention has rewritten positions and
  // lengths of queries and keys accordingly.
  const bool attention = isa<ir::AttentionOp>(op);
  for (const PlanStep& s : out.steps) {
    if (s.fn != attn::Fn::position && s.fn != attn::Fn::length) continue;
    const auto kind = s.axis().kind;
    if (attention && (kind == Kind::query || kind == Kind::key)) continue;
    if (where.count(kind) > 1 && mistake.empty())
      mistake = std::string(
                    "a formula that reads a position or a length, where there are "
                    "several ") +
                attn::kind_names[static_cast<size_t>(kind)] + " axes, is not compiled yet";
  }
  return mistake.empty() ? Status() : unsupported(op, mistake);
}

}  // namespace attnc::planning
