//===- Reads.h - what a formula's values depend on -----------------------------===//
//
//   Reads reads;
//   if (reads.axes(value) == Axes::none) ...   // the same for all pairs of a call's head
//
// Not here: what is made of it (BoundKeys.cpp, ClassifyBlocks.cpp).
//
//===----------------------------------------------------------------------===//
#pragma once

#include <optional>

#include "dialect/AttnDialect.h"
#include "mlir/IR/IRMapping.h"

namespace attnc::ir {

/// Which positions a value reads, itself or through a table that stands where the pair does.
enum class Axes : unsigned { none = 0, query = 1, key = 2, both = 3 };

/// Answers about values of one formula, each found once.
class Reads {
 public:
  Axes axes(mlir::Value value) { return of(value).axes; }
  /// Interval arithmetic is exact for it, or near enough: positions, each read once in every
  /// number, sums and the like; no tables of a position, no real numbers of one.
  bool plain(mlir::Value value) { return of(value).plain; }
  /// Reads a mask of the call where the pair stands.
  bool masks(mlir::Value value) { return of(value).masks; }
  /// A positive number, a length, or a product (of the lengths of axes: it does not wrap around) or
  /// quotient of such: never negative. (Division by zero is zero, as is its remainder.)
  static bool isLength(mlir::Value value);
  /// The same without quotients: wherever there is a pair, at least 1.
  static bool isPositive(mlir::Value value);
  static std::optional<int64_t> constant(mlir::Value value);
  /// The first value seen that is the same position, or the value itself.
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

/// The value in another block: it and all that it is made of are cloned there, each once. Values of
/// the layer (inputs, weights) stay.
mlir::Value cloned(mlir::Value value, mlir::OpBuilder& builder, mlir::IRMapping& mapping);

}  // namespace attnc::ir
