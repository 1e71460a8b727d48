// planner.h - internal to this folder: builds the plan of one layer, path by path. Callers include
// from_dialect.h.
//
// from_dialect.cpp plans the layer's interface and its paths, planner_values.cpp values and
// formulas, planner_stages.cpp the stages: projections, attention, caches, elementwise formulas.
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
/// "project" for "attn.project".
std::string shortName(Operation* op);
/// The number of heads; values without a head axis have one.
int headsOf(Value value);
int sizeOf(Value value);
/// The value under attn.as_keys, which only changes how positions are counted.
Value alias(Value value);
/// The value under attn.as_keys and attn.share_heads, for readers that map their heads to the
/// shared ones themselves.
Value unshared(Value value);
/// All uses of a value, including those through attn.as_keys and attn.share_heads.
SmallVector<OpOperand*> readersOf(Value value);
bool onlyReturned(Value value);
/// What a value is, judged by its axes.
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
  // Of the current path.
  Path path_;
  llvm::DenseMap<Value, int> values_;
  llvm::DenseMap<Value, int> copies_;  // copies with layout heads of values with layout rows
  std::vector<int> padded_;            // by value: the columns of a head in rows of heads; else 0
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
  /// Adds the stage of an operation; each operation has a specialisation.
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
  /// The layout of a projection's result, as its readers want it.
  struct Wanted {
    Layout layout = Layout::rows;
    bool by_map = false;     // as rows of heads, each padded as in the result of attention
    bool by_splice = false;  // as rows without padding, to be written into a cache
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
