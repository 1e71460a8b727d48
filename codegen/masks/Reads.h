//===- Reads.h - what a formula's values depend on -----------------------------===//
//
//   Reads reads;
//   if (reads.axes(value) == Axes::none) ...   // the same for all pairs of a sequence and head
//
// Not here: the passes that use it (BoundKeys.cpp, ClassifyBlocks.cpp).
//
//===----------------------------------------------------------------------===//
#pragma once

#include <optional>

#include "dialect/AttnDialect.h"
#include "mlir/IR/IRMapping.h"

namespace attnc::ir {

/// Which positions a value reads: through attn.position, or through attn.own, which reads a table
/// at the position of the pair.
enum class Axes : unsigned { none = 0, query = 1, key = 2, both = 3 };

/// Facts about the values of one formula, each computed once.
class Reads {
 public:
  Axes axes(mlir::Value value) { return of(value).axes; }
  /// Whether interval arithmetic is exact for the value, or close: it consists of sums and the like
  /// of positions, each read once per number, without tables or real numbers that depend on one.
  bool plain(mlir::Value value) { return of(value).plain; }
  /// Whether it reads a mask of the call at the position of the pair.
  bool masks(mlir::Value value) { return of(value).masks; }
  /// A positive constant, a length, or a product (of lengths of axes, which does not wrap around)
  /// or a quotient of these: never negative. (Division by zero gives zero, and so does its
  /// remainder.)
  static bool isLength(mlir::Value value);
  /// The same without quotients: at least 1 wherever there is a pair.
  static bool isPositive(mlir::Value value);
  static std::optional<int64_t> constant(mlir::Value value);
  /// For a position, the first value seen that reads the same one; any other value unchanged.
  mlir::Value first(mlir::Value value);

 private:
  struct About {
    Axes axes = Axes::none;
    bool plain = true, masks = false;
    bool contiguous = true;  // takes every number between its least and its most
    unsigned positions = 0;  // how often positions are read
  };
  llvm::DenseMap<mlir::Value, About> known_;
  llvm::DenseMap<mlir::Attribute, mlir::Value> positions_;

  const About& of(mlir::Value value);
  About find(mlir::Value value);
};

/// Clones a value, and everything that it is computed from, to the builder's block, each operation
/// once. Values of the layer (inputs, weights) are used as they are.
mlir::Value cloned(mlir::Value value, mlir::OpBuilder& builder, mlir::IRMapping& mapping);

}  // namespace attnc::ir
