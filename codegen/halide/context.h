// context.h - what kernel families work with while a path becomes a Halide pipeline: values and how
// they lie in memory, packed weights, lengths, the schedule.
//
//   Expr q = context.element(stage.query, {d, head, position, batch});   // the number of a value
//   context.define(stage.result, result);                                // a stage's own value
//
// Stages are made in order (families.h); each reads values that earlier ones made and leaves its own.
// A value is whatever gives an element for a column, a position and a batch; how it lies in memory is
// between its maker and its reader (Layout in plan.h).
#pragma once
#include <Halide.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "halide/formula.h"
#include "halide/internal_check.h"
#include "halide/numerics.h"
#include "plan/plan.h"

namespace attnc {

/// A value of a path. Which Funcs and dimensions it has follows from its layout; dimensions are those
/// of ATTN_FORM_... in kernel_abi.h:
///   made outside             image, in the form of its layout
///   rows, heads, pairs       func(column, position, batch), func(size, head, position, batch),
///                            func(key, query, head, batch)
///   cache                    func(size, head, key, slot, batch)
///   query_rows, value_rows   func(column, batch * positions + position)
///   key_panels               func(lane, column, panel, batch), lanes count keys
/// Keys (and values) that come as heads are packed on the way in, where a stage wants panels (or
/// rows that are whole vectors), once for all stages that read them.
struct Made {
  Halide::Func func, packed_keys, packed_values;
  Halide::ImageParam image;
};

class Context {
 public:
  /// Makes the parameters of the pipeline: what the path reads. `plan` has to outlive it.
  Context(const Plan& plan, int path);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Plan& plan() const { return plan_; }
  const Path& path() const { return path_; }
  const Schedule& schedule() const { return plan_.schedule; }

  // Numbers.
  Halide::Type real() const { return real_; }           // what is computed with
  Halide::Type stored_type() const { return stored_; }  // what tensors hold
  Halide::Expr number(double v) const { return Halide::Internal::make_const(real_, v); }
  Halide::Expr stored(const Halide::Expr& v) const { return Halide::cast(stored_, v); }

  // Values.
  const PlanValue& value(int v) const { return path_.values.at(static_cast<size_t>(v)); }
  Made& made(int v) { return made_.at(static_cast<size_t>(v)); }
  const Made& made(int v) const { return made_.at(static_cast<size_t>(v)); }
  /// The number of a value at a place of its layout's form, in the type that is computed with.
  Halide::Expr element(int value, std::vector<Halide::Expr> at) const;
  /// `func` is the value, and the output where it is one.
  void define(int value, const Halide::Func& func);
  int output_of(int value) const;  // index into path().outputs, or -1
  /// The name of an output, else `otherwise`: what `attnc show` prints reads better.
  std::string name_of(int value, const std::string& otherwise) const;
  attn::Kind positions_of(int value) const;  // what a value's positions count

  // Lengths: of batch, query, key, update.
  Halide::Expr extent(attn::Kind kind) const;
  /// Of the cache that the path writes, which is no input of it: how many keys there are from now on.
  void set_cache_positions(const Halide::Expr& positions) { cache_positions_ = positions; }

  // Vectors.
  int lanes_of(int size) const;           // vector lanes for rows of `size` numbers
  int vectors_of(int padded_size) const;  // vectors of a register tile over such rows

  // What comes with the call or with the weights.
  const Halide::ImageParam& input(int index) const { return inputs_.at(index); }
  bool is_flag(int index) const { return flags_.contains(index); }
  const Halide::ImageParam& packed(int packing) const { return packed_.at(packing); }

  // Formulas.
  Site site(const Halide::Expr& batch, const Halide::Expr& head, const Halide::Expr& query,
            const Halide::Expr& key) const;
  /// Flags, indices, tables and packed weights; masks only where they are read one by one.
  Halide::Expr read(const PlanStep& step, const std::vector<Halide::Expr>& indices,
                    const Site& at) const;

  /// Inputs, flags, packed weights and lengths, in the order of path_arguments.
  std::vector<Halide::Argument> arguments() const;
  /// Every buffer of the call by name, outputs too: for expressions over their extents.
  const std::vector<Halide::ImageParam>& buffers() const { return buffers_; }
  /// Once every stage is made: the outputs, constrained as the runtime hands them over.
  const std::vector<Halide::Func>& finish();

 private:
  void add_input(int index);
  void add_packing(int index);
  Halide::Expr packed_number(const PlanStep& step, const std::vector<Halide::Expr>& indices) const;
  Halide::Expr table_number(const PlanStep& step, const std::vector<Halide::Expr>& indices) const;

  const Plan& plan_;
  const Path& path_;
  const Halide::Type real_, stored_;
  std::vector<Made> made_;                                         // by value
  std::map<int, Halide::ImageParam> inputs_;                       // by input, but for flags
  std::map<int, Halide::Param<uint8_t>> flags_;                    // by input
  std::map<std::pair<int, int>, Halide::Param<int32_t>> lengths_;  // of single axes: kind, number
  std::map<int, Halide::ImageParam> packed_;                       // by packing
  Halide::Expr cache_positions_;
  std::vector<Halide::Func> outputs_;
  std::vector<Halide::ImageParam> buffers_;
};

}  // namespace attnc
