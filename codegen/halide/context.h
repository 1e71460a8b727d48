// context.h - what kernel families share while a path becomes a Halide pipeline: values and their
// memory layout, packed weights, lengths, the schedule.
//
//   Expr q = context.element(stage.query, {d, head, position, batch});   // an element of a value
//   context.define(stage.result, result);                                // the result of a stage
//
// Stages are made in order (families.h); each reads values of earlier stages and defines its own. A
// value has an element for every column, position and batch. Its memory layout (Layout in plan.h)
// concerns only the stage that makes it and those that read it.
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

/// A value of a path. Its layout determines which Funcs and dimensions it has; dimensions are those
/// of ATTN_FORM_... in kernel_abi.h:
///   inputs of the call       image, in the form of its layout
///   rows, heads, pairs       func(column, position, batch), func(size, head, position, batch),
///                            func(key, query, head, batch)
///   cache                    func(size, head, key, slot, batch)
///   query_rows, value_rows   func(column, batch * positions + position)
///   key_panels               func(lane, column, panel, batch), one lane per key
/// Where attention needs panels of keys, or rows of values that are whole vectors, those with
/// layout heads are packed first, once for all stages that read them.
struct Made {
  Halide::Func func, memory, packed_keys, packed_values;
  Halide::ImageParam image;
};

Halide::Type halide_type(attn::DTypePolicy element);
/// What the runtime guarantees of a packed weight: panels of such a width; 0: a vector.
void set_packed(Halide::ImageParam& image, int panel_width);

class Context {
 public:
  /// Creates the parameters of the pipeline: all that the path reads. `plan` must outlive this.
  Context(const Plan& plan, int path);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Plan& plan() const { return plan_; }
  const Path& path() const { return path_; }
  const Schedule& schedule() const { return plan_.schedule; }

  // Numbers.
  Halide::Type real() const { return real_; }           // the type that kernels compute in
  Halide::Type stored_type() const { return stored_; }  // the element type of tensors
  Halide::Expr number(double v) const { return Halide::Internal::make_const(real_, v); }
  Halide::Expr stored(const Halide::Expr& v) const { return Halide::cast(stored_, v); }

  // Values.
  const PlanValue& value(int v) const { return path_.values.at(static_cast<size_t>(v)); }
  Made& made(int v) { return made_.at(static_cast<size_t>(v)); }
  const Made& made(int v) const { return made_.at(static_cast<size_t>(v)); }
  /// The value whose memory holds a value's elements: itself, or the one that it is a part of.
  int source_of(int value) const;
  /// An element of a value, indexed in the form of its layout, converted to real().
  Halide::Expr element(int value, std::vector<Halide::Expr> at) const;
  /// Makes `func` the value, and the output if the value is one. `memory` holds its elements, in
  /// whatever form, if `func` only says where they are.
  void define(int value, const Halide::Func& func);
  void define(int value, const Halide::Func& func, const Halide::Func& memory);
  int output_of(int value) const { return path_.output_of(value); }
  /// The name of the output that a value is, else `otherwise`. Keeps `attnc show` readable.
  std::string name_of(int value, const std::string& otherwise) const;
  attn::Kind positions_of(int value) const;  // query, key or update: what its positions count

  // Lengths: of batch, query, key, update.
  Halide::Expr extent(attn::Kind kind) const;
  /// From now on the keys are those of the cache that the path writes, which is not an input of it.
  void set_cache_positions(const Halide::Expr& positions) { cache_positions_ = positions; }

  /// The attn_call: the first argument of kernels that are called as extern stages.
  const Halide::Expr& services() const { return services_; }

  // Inputs of the call, and packed weights.
  const Halide::ImageParam& input(int index) const { return inputs_.at(index); }
  bool is_flag(int index) const { return flags_.contains(index); }
  const Halide::ImageParam& packed(int packing) const { return packed_.at(packing); }

  // Formulas.
  Site site(const Halide::Expr& batch, const Halide::Expr& head, const Halide::Expr& query,
            const Halide::Expr& key) const;
  /// What a step reads: a flag, an index, an element of a table or a packed weight, or a single
  /// element of a mask.
  Halide::Expr read(const PlanStep& step, const std::vector<Halide::Expr>& indices,
                    const Site& at) const;

  /// Inputs, flags, packed weights and lengths, in the order of path_arguments.
  std::vector<Halide::Argument> arguments() const;
  /// Every buffer of the call, including outputs, for expressions over their extents.
  const std::vector<Halide::ImageParam>& buffers() const { return buffers_; }
  /// To be called once every stage is made: the outputs, with what the runtime guarantees of them.
  const std::vector<Halide::Func>& finish();

 private:
  void add_input(int index);
  void add_packing(int index);
  Halide::Expr packed_number(const PlanStep& step, const std::vector<Halide::Expr>& indices) const;
  Halide::Expr table_number(const PlanStep& step, const std::vector<Halide::Expr>& indices) const;

  const Plan& plan_;
  const Path& path_;
  const Halide::Type real_, stored_;
  const Halide::Expr services_ = Halide::user_context_value();  // Halide wants it to be made once
  std::vector<Made> made_;                                      // by value
  std::map<int, Halide::ImageParam> inputs_;                    // by input, except flags
  std::map<int, Halide::Param<uint8_t>> flags_;                 // by input
  std::map<std::pair<int, int>, Halide::Param<int32_t>> lengths_;  // of single axes: kind, number
  std::map<int, Halide::ImageParam> packed_;                       // by packing
  Halide::Expr cache_positions_;
  std::vector<Halide::Func> outputs_;
  std::vector<Halide::ImageParam> buffers_;
};

}  // namespace attnc
