// pipeline.h - one path of a plan as one Halide pipeline, under construction.
//
// Stages are added in order (add_projection, add_attention); each reads values that earlier ones
// made and leaves its own. A value is whatever gives an element for a column, a position and a
// batch; how it lies in memory is between its maker and its reader (Layout in plan.h). One file a
// kernel family: projection.cpp, attention_online.cpp, attention_with_scores.cpp; in each the
// algorithm comes first and whole, the schedule after it.
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

/// A value of a path. Which Funcs and dimensions it has follows from its layout:
///   rows, made outside       image(feature, position, batch)
///   heads, made outside      image(size, head, position, batch)
///   rows, made by attention  func(column, position, batch)
///   query_rows, value_rows   func(column, batch * positions + position)
///   key_panels               func(lane, column, panel, batch), lanes count keys
/// Keys (and values) that come as heads are packed on the way in, where a stage wants panels (or
/// rows that are whole vectors): `func` is then the packed one.
struct Made {
  Halide::Func func;
  Halide::ImageParam image;
};

class PathPipeline {
 public:
  /// Throws Halide::Error where a plan cannot be a pipeline (ours: plans are checked before).
  PathPipeline(const Plan& plan, int path, const Halide::Target& target);

  Halide::Pipeline pipeline() const { return Halide::Pipeline(outputs_); }
  /// Inputs, flags and packed weights, in the order of path_arguments.
  std::vector<Halide::Argument> arguments() const;
  /// Every buffer of the call by name, outputs too: for expressions over their extents.
  const std::vector<Halide::ImageParam>& buffers() const { return buffers_; }

 private:
  // projection.cpp
  void add_projection(const Projection& stage);
  void make_rows(const Projection& stage, Halide::Func out, bool is_output);
  void make_key_panels(const Projection& stage, Halide::Func out);
  Halide::Expr row(const Projection& stage, const Halide::Expr& column,
                   const Halide::Expr& flat_row) const;
  // attention_online.cpp, attention_with_scores.cpp
  void add_attention(const Attention& stage);
  void add_online(const Attention& stage);
  void add_with_scores(const Attention& stage);
  void add_decode(const Attention& stage);  // one query
  void pack_keys(const Attention& stage);
  void pack_values(const Attention& stage);
  /// `tile_of`(x, row, tile, head, batch), x < padded value size, becomes the stage's result: an
  /// output [batch, query, head, size] or rows for a projection. Returns what to compute the tile
  /// at.
  Halide::LoopLevel make_result(const Attention& stage, const Halide::Func& tile_of, int tile);
  Halide::Expr key_head(const Attention& stage, const Halide::Expr& head) const;
  Site site(const Halide::Expr& batch, const Halide::Expr& head, const Halide::Expr& query,
            const Halide::Expr& key) const;
  Halide::Expr query_element(const Attention& stage, const Halide::Expr& head,
                             const Halide::Expr& d, const Halide::Expr& position,
                             const Halide::Expr& batch) const;
  Halide::Expr value_element(const Attention& stage, const Halide::Expr& head,
                             const Halide::Expr& x, const Halide::Expr& position,
                             const Halide::Expr& batch) const;
  /// The key at lane `lane` of panel `panel`, element d of a head. Panels past the end repeat the
  /// last.
  Halide::Expr key_element(const Attention& stage, const Halide::Expr& head, const Halide::Expr& d,
                           const Halide::Expr& panel, const Halide::Expr& lane,
                           const Halide::Expr& batch) const;
  /// A run-time mask's bytes for the scores at hand. Masks come through such a tile, so that the
  /// caller's strides meet one short loop.
  struct MaskTile {
    Halide::Func bytes;
    Halide::ImageParam image;
  };
  /// Whether the pair at `at` counts: the key exists and the mask lets it through. Run-time masks
  /// are read through tiles over `arguments`, which are the caller's to schedule.
  Halide::Expr visible(const Attention& stage, Site at, const std::vector<Halide::Var>& arguments,
                       std::vector<MaskTile>& tiles) const;
  /// [first, end) of the keys that queries `first_query` to `last_query` can see, first at the
  /// beginning of a panel.
  std::pair<Halide::Expr, Halide::Expr> visible_keys(const Attention& stage,
                                                     const Halide::Expr& head,
                                                     const Halide::Expr& batch,
                                                     const Halide::Expr& first_query,
                                                     const Halide::Expr& last_query) const;
  void schedule_mask_tile(const MaskTile& mask, const Halide::Var& key) const;
  int padded_value_size(const Attention& stage) const;
  int lanes_of(int size) const;           // vector lanes for rows of `size` numbers
  int vectors_of(int padded_size) const;  // vectors of a register tile over such rows

  Halide::Expr extent(attn::Kind kind) const;           // batch, query, key
  Halide::Expr features(const PlanValue& value) const;  // all its feature axes as one
  const Schedule& schedule() const { return plan_.schedule; }
  Made& made(int value) { return made_.at(static_cast<size_t>(value)); }
  const Made& made(int value) const { return made_.at(static_cast<size_t>(value)); }
  const PlanValue& value(int v) const { return path_.values.at(static_cast<size_t>(v)); }
  int output_of(int value) const;  // index into path_.outputs, or -1

  const Plan& plan_;
  const Path& path_;
  const Halide::Target target_;
  std::vector<Made> made_;                       // by value
  std::map<int, Halide::ImageParam> masks_;      // by input
  std::map<int, Halide::Param<uint8_t>> flags_;  // by input
  std::map<int, Halide::ImageParam> packed_;     // by packing
  std::vector<Halide::Func> outputs_;
  std::vector<Halide::ImageParam> buffers_;
};

/// The inputs, packings and outputs that a path uses, in the order of its arguments.
struct PathUses {
  std::vector<int> inputs, packings;
};
PathUses uses_of(const Path& path);

}  // namespace attnc
