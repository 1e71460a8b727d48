// planner.h - inside the plan's making: one layer's plan, path by path. Callers take
// from_dialect.h.
//
// from_dialect.cpp has the interface and paths, planner_values.cpp values and formulas,
// planner_stages.cpp the stages: projections, attention, caches, what is elementwise.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "attn/runtime/status.h"
#include "dialect/AttnDialect.h"
#include "plan/plan.h"

namespace attnc::planning {

using attn::Kind;
using attn::Status;
using attn::StatusCode;
using mlir::Location;
using mlir::Operation;
using mlir::OpOperand;
using mlir::Region;
using mlir::SmallVector;
using mlir::Value;

std::string placeOf(Location loc);
ir::ValueType typeOf(Value value);
int roundUp(int n, int to);
/// "project" of "attn.project".
std::string shortName(Operation* op);
/// Heads, of which values without a head axis have one.
int headsOf(Value value);
int sizeOf(Value value);
/// What other operations only say how to count: the value that is read.
Value alias(Value value);
/// The same, for who reads heads that several others share.
Value unshared(Value value);
SmallVector<OpOperand*> readersOf(Value value);
bool onlyReturned(Value value);
/// What a value's elements are told apart by.
enum class Shape { features, heads, pairs, cache, other };
Shape shapeOf(Value value);

class Planner {
 public:
  Planner(ir::LayerOp layer, Plan& plan) : layer_(layer), plan_(plan) {}
  Status run();

 private:
  ir::LayerOp layer_;
  Plan& plan_;
  llvm::DenseMap<Value, int> inputs_, weights_;
  // of the path in hand
  Path path_;
  llvm::DenseMap<Value, int> values_;
  llvm::DenseMap<Value, int> copies_;  // as heads, of values that lie in rows
  std::vector<int> padded_;  // of values that are rows of heads: the columns of each; else 0
  std::vector<bool> is_output_;
  Status unsupported(Operation* op, const std::string& sentence);

  // ---- the interface
  PlanTensor tensor(llvm::StringRef name, ir::ValueType type);
  std::vector<PlanAxis> axes(ir::ValueType type);
  int inputNamed(llvm::StringRef name) const;
  int outputNamed(llvm::StringRef name) const;
  void addInput(ir::InputOp input);
  static bool isTable(ir::InputOp input);
  static int64_t leastHeads(ir::InputOp input);
  Status addOutputs();

  // ---- a path
  Status addPath(ir::PathOp path);
  Status addOperation(Operation& op);
  Status addStage(Operation& op);
  /// An operation's stage; one specialisation each.
  template <class Op>
  Status add(Op op);
  Status addReturn(ir::ReturnOp op);
  int addCopy(Value value, Shape shape);

  // ---- values
  const PlanValue& valueAt(int id) const { return path_.values[static_cast<size_t>(id)]; }
  int paddingOf(int id) const { return padded_[static_cast<size_t>(id)]; }
  int addValue(PlanValue value);
  int number(Value value);
  int define(Value value, Layout layout);
  Status addSlot(ir::SlotOp op);
  Status addSlice(ir::SliceHeadsOp op);

  // ---- formulas
  std::optional<uint64_t> read(Value table, ir::ValueType where, bool at_index,
                               std::string& mistake);
  static bool isReadInPlace(Value table);
  Status formula(Operation* op, Region& region, ir::ValueType where, PlanFormula& out);

  // ---- projections
  /// How a projection's result lies: as its readers want it.
  struct Wanted {
    Layout layout = Layout::rows;
    bool by_map =
        false;  // over heads, each of which takes as many columns as in attention's result
    bool by_splice = false;  // as it is
  };
  Status layoutFor(ir::ProjectOp project, Wanted& wants);
  static bool readAsValues(ir::ProjectOp project);
  int paddedSize(int size) const;
  int addPacking(const Packing& packing);

  // ---- attention
  bool isThere(Value value);
  Status operand(Operation* op, Value value, int& id);
  Status checkReaders(Operation* op);
  Status addBlocks(ir::AttentionOp op, ir::ValueType pairs, Attention& stage);
  static ir::ValueType scoresType(ir::AttentionOp op);
};

}  // namespace attnc::planning
